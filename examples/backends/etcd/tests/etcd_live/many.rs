//! 150 settings, which a program has that is a few years old.

use constance_core::Settings;

macro_rules! many {
    ($($name:ident)*) => {
        /// A rule that names the settings that it looks at.
        #[derive(Debug, Clone, PartialEq, Settings)]
        #[settings(validate(|s: &Named| if s.s0 <= s.s1 + 10 { Ok(()) } else { Err("s0 is too high") }, fields(s0, s1)))]
        pub(crate) struct Named {
            $(
                #[setting(default = 0)]
                pub(crate) $name: i64,
            )*
        }

        /// A rule that looks at everything.
        #[derive(Debug, Clone, PartialEq, Settings)]
        #[settings(validate(|s: &Unnamed| if s.s0 <= s.s149 + 10 { Ok(()) } else { Err("s0 is too high") }))]
        pub(crate) struct Unnamed {
            $(
                #[setting(default = 0)]
                $name: i64,
            )*
        }
    };
}

many! {
    s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 s12 s13 s14 s15 s16 s17 s18 s19 s20 s21 s22 s23 s24 s25 s26 s27 s28
    s29 s30 s31 s32 s33 s34 s35 s36 s37 s38 s39 s40 s41 s42 s43 s44 s45 s46 s47 s48 s49 s50 s51 s52 s53 s54
    s55 s56 s57 s58 s59 s60 s61 s62 s63 s64 s65 s66 s67 s68 s69 s70 s71 s72 s73 s74 s75 s76 s77 s78 s79 s80
    s81 s82 s83 s84 s85 s86 s87 s88 s89 s90 s91 s92 s93 s94 s95 s96 s97 s98 s99 s100 s101 s102 s103 s104 s105
    s106 s107 s108 s109 s110 s111 s112 s113 s114 s115 s116 s117 s118 s119 s120 s121 s122 s123 s124 s125 s126
    s127 s128 s129 s130 s131 s132 s133 s134 s135 s136 s137 s138 s139 s140 s141 s142 s143 s144 s145 s146 s147
    s148 s149
}
