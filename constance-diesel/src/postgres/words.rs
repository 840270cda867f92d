//! What the server says, in the languages that it speaks.
//!
//! diesel gives no code, and what the server says follows its `lc_messages`. A message is taken for known where it holds all
//! pieces of one line here; between them stand names. Taken from the catalogues of PostgreSQL 15.

/// Whether a message holds all pieces of one of these lines.
pub(super) fn says(message: &str, lines: &[&[&str]]) -> bool {
    lines.iter().any(|pieces| pieces.iter().all(|piece| message.contains(piece)) || says_in_ascii(message, pieces))
}

/// Whether a message is such a line from a server whose characters are those of the locale C: before the log-in it writes
/// `f?r` for `für` and `>>` for `»`. What is ASCII in the line is there in its order; a few letters say nothing.
fn says_in_ascii(message: &str, pieces: &[&str]) -> bool {
    let runs = || pieces.iter().flat_map(|piece| piece.split(|c: char| !c.is_ascii()));
    let letters = runs().flat_map(str::chars).filter(char::is_ascii_alphabetic).count();
    if !message.is_ascii() || letters < 16 {
        return false;
    }
    let mut rest = message;
    runs().all(|run| match rest.split_once(run) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// A deadlock: the server gave this transaction up so that others go on.
#[rustfmt::skip]
pub(super) const DEADLOCK: &[&[&str]] = &[
    &["deadlock detected"],
    &["Verklemmung (Deadlock) entdeckt"],
    &["se ha detectado un deadlock"],
    &["interblocage (deadlock) détecté"],
    &["rilevato deadlock"],
    &["デッドロックを検出しました"],
    &["ნაპოვნია ურთიერთბლოკირება"],
    &["deadlock 발생했음"],
    &["обнаружена взаимоблокировка"],
    &["deadlock upptäckt"],
    &["виявлено взаємне блокування"],
    &["检测到死锁"],
];

/// `lock_timeout` is over, or a lock was not to be waited for.
#[rustfmt::skip]
pub(super) const LOCKED: &[&[&str]] = &[
    &["canceling statement due to lock timeout"],
    &["storniere Anfrage wegen Zeitüberschreitung einer Sperre"],
    &["cancelando la sentencia debido a que se agotó el tiempo de espera de candados (locks)"],
    &["annulation de la requête à cause du délai écoulé pour l'obtention des verrous"],
    &["annullamento dell'istruzione a causa di timeout di lock"],
    &["ロックのタイムアウトのためステートメントをキャンセルしています"],
    &["გამოსახულება გაუქმდება ბლოკის მოლოდინის ვადის ამოწურვის გამო"],
    &["잠금 대기 시간 초과로 작업을 취소합니다."],
    &["выполнение оператора отменено из-за тайм-аута блокировки"],
    &["avbryter sats på grund av lås-timeout"],
    &["виконання оператора скасовано через тайм-аут блокування"],
    &["由于锁超时，取消语句操作"],
];

/// `statement_timeout` is over.
#[rustfmt::skip]
pub(super) const SLOW: &[&[&str]] = &[
    &["canceling statement due to statement timeout"],
    &["storniere Anfrage wegen Zeitüberschreitung der Anfrage"],
    &["cancelando la sentencia debido a que se agotó el tiempo de espera de sentencias"],
    &["annulation de la requête à cause du délai écoulé pour l'exécution de l'instruction"],
    &["annullamento dell'istruzione a causa di timeout"],
    &["ステートメントのタイムアウトのためステートメントをキャンセルしています"],
    &["명령실행시간 초과로 작업을 취소합니다."],
    &["выполнение оператора отменено из-за тайм-аута"],
    &["avbryter sats på grund av sats-timeout"],
    &["виконання оператора скасовано через тайм-аут"],
    &["由于语句执行超时，正在取消查询命令"],
];

/// Somebody cancelled the statement.
#[rustfmt::skip]
pub(super) const CANCELLED: &[&[&str]] = &[
    &["canceling statement due to user request"],
    &["storniere Anfrage wegen Benutzeraufforderung"],
    &["cancelando la sentencia debido a una petición del usuario"],
    &["annulation de la requête à la demande de l'utilisateur"],
    &["annullamento dell'istruzione su richiesta dell'utente"],
    &["ユーザーからの要求により文をキャンセルしています"],
    &["사용자 요청에 의해 작업을 취소합니다."],
    &["выполнение оператора отменено по запросу пользователя"],
    &["avbryter sats på användares begäran"],
    &["виконання оператора скасовано по запиту користувача"],
    &["由于用户请求而正在取消查询"],
];

/// No room on the disk.
#[rustfmt::skip]
pub(super) const FULL: &[&[&str]] = &[
    &["could not extend file \""],
    &["konnte Datei »", "« nicht erweitern"],
    &["no se pudo extender el archivo «"],
    &["n'a pas pu étendre le fichier «"],
    &["non è stato possibile estendere il file \""],
    &["ファイル\"", "\"を拡張できませんでした"],
    &["ფაილის გაფართოების შეცდომა \""],
    &["\" 파일을 확장할 수 없음"],
    &["не удалось увеличить файл \""],
    &["kunde inte utöka fil \""],
    &["не вдалося розширити файл \""],
    &["无法扩展文件 \""],
    &["could not write to file \""],
    &["konnte nicht in Datei »", "« schreiben"],
    &["no se pudo escribir a archivo «"],
    &["n'a pas pu écrire dans le fichier «"],
    &["scrittura nel file \"", "\" fallita"],
    &["ファイル\"", "\"を書き出せませんでした"],
    &["ფაილში (", ") ჩაწერის შეცდომა"],
    &["\" 파일 쓰기 실패"],
    &["не удалось записать в файл \""],
    &["kunde inte skriva till fil \""],
    &["неможливо записати до файлу \""],
    &["无法写入文件 \""],
];

/// The server does not let this user in.
#[rustfmt::skip]
pub(super) const NO_ACCESS: &[&[&str]] = &[
    &["password authentication failed for user \""],
    &["Passwort-Authentifizierung für Benutzer »", "« fehlgeschlagen"],
    &["la autentificación password falló para el usuario «"],
    &["authentification par mot de passe échouée pour l'utilisateur  «"],
    &["autenticazione con password fallita per l'utente \""],
    &["ユーザー\"", "\"のパスワード認証に失敗しました"],
    &["პაროლით ავთენტიფიკაცია მომხმარებლისთვის \"", "\" ვერ მოხერხდა"],
    &["사용자 \"", "\"의 password 인증을 실패했습니다"],
    &["пользователь \"", "\" не прошёл проверку подлинности (по паролю)"],
    &["Lösenordsautentisering misslyckades för användare \""],
    &["користувач \"", "\" не пройшов автентифікацію за допомогою пароля"],
    &["用户 \"", "\" Password 认证失败"],
    &["no pg_hba.conf entry for host \"", "\", user \"", "\", database \""],
    &["kein pg_hba.conf-Eintrag für Host »", "«, Benutzer »", "«, Datenbank »"],
    &["no hay una línea en pg_hba.conf para «", "», usuario «", "», base de datos «"],
    &["aucune entrée dans pg_hba.conf pour l'hôte «", "», utilisateur «", "»,\nbase de données «"],
    &["nessuna voce in pg_hba.conf per l'host \"", "\", utente \"", "\", database \""],
    &["pg_hba.conf にホスト\"", "\"、ユーザー\"", "\"、データベース\"", "用のエントリがありません"],
    &["pg_hba.conf-ში ჩანაწერი ჰოსტისთვის \"", "\" მომხმარებელი \"", "\", ბაზა \"", "აღმოჩენილი არაა"],
    &["호스트 \"", "\", 사용자 \"", "\", 데이터베이스 \"", "연결에 대한 설정이 pg_hba.conf 파일에 없습니다."],
    &["в pg_hba.conf нет записи для компьютера \"", "\", пользователя \"", "\", базы \""],
    &["ingen rad i pg_hba.conf för värd \"", "\", användare \"", "\", databas \""],
    &["в pg_hba.conf немає запису для хосту \"", "\", користувача \"", "\", бази даних \""],
    &["没有用于主机 \"", "\", 用户 \"", "\", 数据库 \"", "的 pg_hba.conf 记录"],
    &["role \"", "\" does not exist"],
    &["Rolle »", "« existiert nicht"],
    &["no existe el rol «"],
    &["le rôle «", "» n'existe pas"],
    &["il ruolo \"", "\" non esiste"],
    &["ロール\"", "\"は存在しません"],
    &["როლი არ არსებობს: \""],
    &["\" 롤(role) 없음"],
    &["роль \"", "\" не существует"],
    &["rollen \"", "\" finns inte"],
    &["роль \"", "\" не існує"],
    &["角色 \"", "\" 不存在"],
    &["role \"", "\" is not permitted to log in"],
    &["Rolle »", "« hat keine Berechtigung zum Einloggen"],
    &["al rol «", "» no se le permite conectarse"],
    &["le rôle «", "» n'est pas autorisé à se connecter"],
    &["al ruolo \"", "\" non è consentito effettuare il login"],
    &["ロール\"", "\"はログインが許可されません"],
    &["როლს შესვლის უფლება არ აქვს"],
    &["\" 롤은 접속을 허용하지 않음"],
    &["для роли \"", "\" вход запрещён"],
    &["roll \"", "\" tillåts inte logga in"],
    &["для ролі \"", "\" вхід не дозволений"],
    &["不允许角色\"", "\" 进行登录"],
    &["permission denied for database \""],
    &["keine Berechtigung für Datenbank »"],
    &["permiso denegado a la base de datos «"],
    &["droit refusé pour la base de données «"],
    &["permesso negato per il database \""],
    &["データベース\"", "\"へのアクセスが拒否されました"],
    &["წვდომა აკრძალულია ბაზაზე: \""],
    &["\" 데이터베이스 액세스 권한 없음"],
    &["доступ к базе \"", "\" запрещён"],
    &["rättighet saknas för databas \""],
    &["доступ до бази даних \"", "\" відхилений"],
    &["访问数据库\"", "\"的权限不够"],
    &["Peer authentication failed for user \""],
    &["Peer-Authentifizierung für Benutzer »", "« fehlgeschlagen"],
    &["la autentificación Peer falló para el usuario «"],
    &["authentification peer échouée pour l'utilisateur «"],
    &["Autenticazione Peer fallita per l'utente \""],
    &["ユーザー\"", "\"で対向(peer)認証に失敗しました"],
    &["პარტნიორის ავთენტიფიკაცია მომხმარებლისთვის \"", "\" ვერ მოხერხდა"],
    &["사용자 \"", "\"의 peer 인증을 실패했습니다."],
    &["пользователь \"", "\" не прошёл проверку подлинности (Peer)"],
    &["Peer-autentisering misslyckades för användare \""],
    &["Користувач \"", "\" не пройшов автентифікацію Peer"],
    &["对用户\"", "\"的对等认证失败"],
];

/// There is no such database.
#[rustfmt::skip]
pub(super) const NO_DATABASE: &[&[&str]] = &[
    &["database \"", "\" does not exist"],
    &["Datenbank »", "« existiert nicht"],
    &["no existe la base de datos «"],
    &["la base de données «", "» n'existe pas"],
    &["il database \"", "\" non esiste"],
    &["データベース\"", "\"は存在しません"],
    &["მონაცემთა ბაზა \"", "\" არ არსებობს"],
    &["\" 데이터베이스 없음"],
    &["база данных \"", "\" не существует"],
    &["databasen \"", "\" existerar inte"],
    &["бази даних \"", "\" не існує"],
    &["数据库 \"", "\" 不存在"],
];

/// The server has no connection left.
#[rustfmt::skip]
pub(super) const NO_PLACE: &[&[&str]] = &[
    &["sorry, too many clients already"],
    &["tut mir leid, schon zu viele Verbindungen"],
    &["lo siento, ya tenemos demasiados clientes"],
    &["désolé, trop de clients sont déjà connectés"],
    &["spiacente, troppi client già connessi"],
    &["現在クライアント数が多すぎます"],
    &["უკაცრავად, უკვე მეტისმეტად ბევრი კლიენტია"],
    &["최대 동시 접속자 수를 초과했습니다."],
    &["извините, уже слишком много клиентов"],
    &["ledsen, för många klienter"],
    &["вибачте, вже забагато клієнтів"],
    &["对不起, 已经有太多的客户"],
    &["too many connections for role \""],
    &["zu viele Verbindungen von Rolle »"],
    &["demasiadas conexiones para el rol «"],
    &["trop de connexions pour le rôle «"],
    &["troppe connessioni per il ruolo \""],
    &["ロール\"", "\"からの接続が多すぎます"],
    &["მეტისმეტად ბევრი კავშირი როლისთვის \""],
    &["\" 롤의 최대 동시 접속수를 초과했습니다"],
    &["слишком много подключений для роли \""],
    &["för många uppkopplingar för roll \""],
    &["занадто багато підключень для ролі \""],
    &["由角色\"", "\"发起的连接太多了"],
    &["too many connections for database \""],
    &["zu viele Verbindungen für Datenbank »"],
    &["demasiadas conexiones para la base de datos «"],
    &["trop de connexions pour la base de données «"],
    &["troppe connessioni al database \""],
    &["データベース\"", "\"への接続が多すぎます"],
    &["ძალიან ბევრი კავშირი ბაზისთვის \""],
    &["\" 데이터베이스 최대 접속수를 초과했습니다"],
    &["слишком много подключений к БД \""],
    &["för många uppkopplingar till databasen \""],
    &["занадто багато підключень до бази даних \""],
    &["到数据库 \"", "\"的连接太多了"],
    &["remaining connection slots are reserved for non-replication superuser connections"],
    &["die verbleibenden Verbindungen sind für Superuser auf Nicht-Replikationsverbindungen reserviert"],
    &["las conexiones restantes están reservadas a superusuarios y no de replicación"],
    &["les emplacements de connexions restants sont réservés pour les connexions\nsuperutilisateur non relatif à la réplication"],
    &["i rimanenti slot di connessione sono riservati a connessioni di superutenti non di replica"],
    &["残りの接続スロットはレプリケーションユーザーではないスーパーユーザー用に予約されています"],
    &["남은 연결 슬롯은 non-replication 슈퍼유저 연결용으로 남겨 놓았음"],
    &["оставшиеся слоты подключений зарезервированы для подключений суперпользователя (не для репликации)"],
    &["resterande anslutningsslottar är reserverade för superuser-anslutningar utan replikering"],
    &["слоти підключень, які залишились, зарезервовані для підключень суперкористувача (не для реплікації)"],
    &["已保留的连接位置为执行非复制请求的超级用户预留"],
];

/// The server starts, stops or recovers.
#[rustfmt::skip]
pub(super) const NOT_READY: &[&[&str]] = &[
    &["the database system is starting up"],
    &["das Datenbanksystem startet"],
    &["el sistema de base de datos está iniciándose"],
    &["le système de bases de données se lance"],
    &["il database si sta avviando"],
    &["データベースシステムは起動処理中です"],
    &["მიმდინარეობს მონაცემთა ბაზის სისტემის გაშვება"],
    &["데이터베이스 시스템이 새로 가동 중입니다."],
    &["система баз данных запускается"],
    &["databassystemet startar upp"],
    &["система бази даних запускається"],
    &["数据库系统启动中"],
    &["the database system is shutting down"],
    &["das Datenbanksystem fährt herunter"],
    &["el sistema de base de datos está apagándose"],
    &["le système de base de données s'arrête"],
    &["il database si sta spegnendo"],
    &["データベースシステムはシャットダウンしています"],
    &["მონაცემთა ბაზის სისტემა ითიშება"],
    &["데이터베이스 시스템이 중지 중입니다"],
    &["система баз данных останавливается"],
    &["databassystemet stänger ner"],
    &["система бази даних завершує роботу"],
    &["数据库系统停止中"],
    &["the database system is in recovery mode"],
    &["das Datenbanksystem ist im Wiederherstellungsmodus"],
    &["el sistema de base de datos está en modo de recuperación"],
    &["le système de bases de données est en cours de restauration"],
    &["il database è in modalità di ripristino"],
    &["データベースシステムはリカバリモードです"],
    &["მონაცემთა ბაზის სისტემა აღდგენის რეჟიმშია"],
    &["데이터베이스 시스템이 자동 복구 작업 중입니다."],
    &["система баз данных в режиме восстановления"],
    &["databassystemet är återställningsläge"],
    &["система бази даних у режимі відновлення"],
    &["数据库系统在恢复模式中"],
];

#[cfg(test)]
mod tests {
    use super::{NO_ACCESS, NO_DATABASE, says};

    #[test]
    fn a_server_without_letters_of_its_language_is_understood() {
        for (message, known) in [
            ("FATAL: password authentication failed for user \"shop\"", true),
            ("FATAL:  Passwort-Authentifizierung für Benutzer »shop« fehlgeschlagen", true),
            ("FATAL:  Passwort-Authentifizierung f?r Benutzer >>shop<< fehlgeschlagen", true),
            ("FATAL:  Benutzer >>shop<< fehlgeschlagen", false),
            ("FATAL:  ??\"shop\"???", false),
        ] {
            assert_eq!(says(message, NO_ACCESS), known, "{message}");
            assert!(!says(message, NO_DATABASE), "{message}");
        }
    }
}
