//! The stack machine that runs a pickle. It calls no function, so a pickle can do no harm.

use std::collections::HashMap;

use super::objects::{Global, Id, MAX_SIZE, NODE, Object, call, uuid_of};
use super::reader::{Reader, Whole, broken, escaped_text, quoted_bytes, text, whole_of_bytes, whole_of_digits};
use super::{Refused, too_large};

/// What a place on the stack costs, with what the vector is larger than it has to be.
const SLOT: usize = 2 * size_of::<Id>();

/// Everything that a pickle built, and the object that it is about.
pub(super) struct Built {
    pub(super) objects: Vec<Object>,
    pub(super) root: Id,
}

/// Runs the pickle to its end. Each opcode makes at most one object, no longer than what it is made of; but a few bytes may make
/// another one of the same long text, so that all of them together are bounded as well.
pub(super) fn run(bytes: &[u8]) -> Result<Built, Refused> {
    let mut machine = Machine {
        reader: Reader::new(bytes),
        objects: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        left: MAX_SIZE,
    };
    loop {
        let opcode = machine.reader.byte()?;
        if opcode == b'.' {
            break;
        }
        machine.step(opcode)?;
        if machine.left == 0 {
            return Err(too_large());
        }
    }
    if !machine.reader.is_at_end() {
        return Err("a pickle with bytes after its end".to_owned());
    }
    let root = machine.pop()?;
    if !machine.stack.is_empty() || !machine.marks.is_empty() {
        return Err(broken());
    }
    Ok(Built { objects: machine.objects, root })
}

struct Machine<'b> {
    reader: Reader<'b>,
    objects: Vec<Object>,
    stack: Vec<Id>,
    /// Heights of the stack at which a group began.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
    /// What the objects may still grow by.
    left: usize,
}

impl Machine<'_> {
    fn step(&mut self, opcode: u8) -> Result<(), Refused> {
        match opcode {
            // The stack.
            b'(' => {
                self.spend(SLOT);
                self.marks.push(self.stack.len());
            }
            b'0' => self.discard()?,
            b'1' => drop(self.group()?),
            b'2' => {
                let top = self.top()?;
                self.push_again(top);
            }
            // What is known before.
            b'N' => self.push(Object::None),
            0x88 => self.push(Object::Bool(true)),
            0x89 => self.push(Object::Bool(false)),
            // Numbers.
            b'I' => self.int_line()?,
            b'L' => {
                let digits = self.reader.words()?;
                self.whole(whole_of_digits(digits.strip_suffix('L').unwrap_or(digits))?);
            }
            b'J' => {
                let value = i32::from_le_bytes(self.reader.array()?);
                self.push(Object::Int(value.into()));
            }
            b'K' => {
                let value = self.reader.byte()?;
                self.push(Object::Int(value.into()));
            }
            b'M' => {
                let value = u16::from_le_bytes(self.reader.array()?);
                self.push(Object::Int(value.into()));
            }
            0x8a => {
                let bytes = self.reader.counted(1)?;
                self.whole(whole_of_bytes(bytes)?);
            }
            0x8b => {
                let bytes = self.reader.counted(4)?;
                self.whole(whole_of_bytes(bytes)?);
            }
            b'F' => {
                let value = self.reader.words()?.parse().map_err(|_| broken())?;
                self.push(Object::Float(value));
            }
            b'G' => {
                let value = f64::from_be_bytes(self.reader.array()?);
                self.push(Object::Float(value));
            }
            // Texts and bytes.
            b'V' => {
                let text = escaped_text(self.reader.line()?)?;
                self.push(Object::Text(text));
            }
            b'X' | 0x8c | 0x8d => {
                let text = text(self.reader.counted(match opcode {
                    b'X' => 4,
                    0x8c => 1,
                    _ => 8,
                })?)?;
                self.push(Object::Text(text));
            }
            b'B' | b'C' | 0x8e => {
                let bytes = self
                    .reader
                    .counted(match opcode {
                        b'B' => 4,
                        b'C' => 1,
                        _ => 8,
                    })?
                    .to_vec();
                self.push(Object::Bytes(bytes));
            }
            b'S' => {
                let bytes = quoted_bytes(self.reader.line()?)?;
                self.push(Object::OldText(bytes));
            }
            b'T' | b'U' => {
                let bytes = self.reader.counted(if opcode == b'T' { 4 } else { 1 })?.to_vec();
                self.push(Object::OldText(bytes));
            }
            // Groups.
            b')' => self.push(Object::Tuple(Vec::new())),
            b'}' => self.push(Object::Dict(Vec::new())),
            b']' => self.push(Object::List(Vec::new())),
            b't' => {
                let elements = self.group()?;
                self.push(Object::Tuple(elements));
            }
            0x85..=0x87 => {
                let elements = self.pop_many(usize::from(opcode - 0x84))?;
                self.push(Object::Tuple(elements));
            }
            b'l' => {
                let elements = self.group()?;
                self.push(Object::List(elements));
            }
            b'd' => {
                let entries = pairs(&self.group()?)?;
                self.push(Object::Dict(entries));
            }
            b'a' => {
                let element = self.pop()?;
                self.append(&[element])?;
            }
            b'e' => {
                let elements = self.group()?;
                self.append(&elements)?;
            }
            b's' => {
                let entry = self.pop_many(2)?;
                self.insert(&entry)?;
            }
            b'u' => {
                let entries = self.group()?;
                self.insert(&entries)?;
            }
            // What was seen before.
            b'p' => {
                let place = self.place()?;
                self.memoize(place)?;
            }
            b'q' => {
                let place = self.reader.byte()?.into();
                self.memoize(place)?;
            }
            b'r' => {
                let place = u32::from_le_bytes(self.reader.array()?).into();
                self.memoize(place)?;
            }
            0x94 => self.memoize(self.memo.len() as u64)?,
            b'g' => {
                let place = self.place()?;
                self.recall(place)?;
            }
            b'h' => {
                let place = self.reader.byte()?.into();
                self.recall(place)?;
            }
            b'j' => {
                let place = u32::from_le_bytes(self.reader.array()?).into();
                self.recall(place)?;
            }
            // Names, and what Python would call.
            b'c' => {
                let (module, name) = (self.reader.words()?, self.reader.words()?);
                self.push(Object::Global(Global::named(module, name)?));
            }
            0x93 => self.global()?,
            b'R' | 0x81 => self.call(opcode == 0x81)?,
            b'b' => self.build()?,
            // The version, and the length of what follows, which nothing here depends on.
            0x80 => {
                let protocol = self.reader.byte()?;
                if protocol > 5 {
                    return Err(format!("a pickle of protocol {protocol}, and the newest known is 5"));
                }
            }
            0x95 => drop(self.reader.array::<8>()?),
            0x8f..=0x91 => return Err("a set, which JSON cannot hold".to_owned()),
            _ => return Err(format!("a pickle with the opcode 0x{opcode:02x}, which no setting needs")),
        }
        Ok(())
    }

    fn spend(&mut self, size: usize) {
        self.left = self.left.saturating_sub(size);
    }

    fn push(&mut self, object: Object) {
        self.spend(NODE + object.len());
        self.stack.push(self.objects.len());
        self.objects.push(object);
    }

    fn whole(&mut self, whole: Whole) {
        self.push(match whole {
            Whole::Short(value) => Object::Int(value),
            Whole::Long(digits) => Object::BigInt(digits),
        });
    }

    /// `00` and `01` are the truth values of protocols 0 and 1.
    fn int_line(&mut self) -> Result<(), Refused> {
        match self.reader.words()? {
            "00" => self.push(Object::Bool(false)),
            "01" => self.push(Object::Bool(true)),
            digits => self.whole(whole_of_digits(digits)?),
        }
        Ok(())
    }

    /// Where the group that is open began; nothing below it is touched but by closing it.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Id, Refused> {
        if self.stack.len() > self.floor() { self.stack.last().copied().ok_or_else(broken) } else { Err(broken()) }
    }

    fn pop(&mut self) -> Result<Id, Refused> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Id>, Refused> {
        let start = self.stack.len().checked_sub(count).filter(|start| *start >= self.floor()).ok_or_else(broken)?;
        Ok(self.stack.split_off(start))
    }

    /// Takes off one object, or a mark that has nothing above it.
    fn discard(&mut self) -> Result<(), Refused> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    /// Everything since the last mark.
    fn group(&mut self) -> Result<Vec<Id>, Refused> {
        let mark = self.marks.pop().ok_or_else(broken)?;
        Ok(self.stack.split_off(mark))
    }

    fn append(&mut self, elements: &[Id]) -> Result<(), Refused> {
        let list = self.top()?;
        match &mut self.objects[list] {
            Object::List(list) => list.extend(elements),
            _ => return Err(broken()),
        }
        Ok(())
    }

    fn insert(&mut self, entries: &[Id]) -> Result<(), Refused> {
        let (entries, dict) = (pairs(entries)?, self.top()?);
        match &mut self.objects[dict] {
            Object::Dict(dict) => dict.extend(entries),
            _ => return Err(broken()),
        }
        Ok(())
    }

    fn place(&mut self) -> Result<u64, Refused> {
        self.reader.words()?.parse().map_err(|_| broken())
    }

    fn memoize(&mut self, place: u64) -> Result<(), Refused> {
        // A byte is enough to ask for one.
        self.spend(NODE);
        self.memo.insert(place, self.top()?);
        Ok(())
    }

    fn recall(&mut self, place: u64) -> Result<(), Refused> {
        let known = *self.memo.get(&place).ok_or_else(broken)?;
        self.push_again(known);
        Ok(())
    }

    /// An object that is there already.
    fn push_again(&mut self, id: Id) {
        self.spend(SLOT);
        self.stack.push(id);
    }

    fn global(&mut self) -> Result<(), Refused> {
        let names = self.pop_many(2)?;
        let global = match (&self.objects[names[0]], &self.objects[names[1]]) {
            (Object::Text(module), Object::Text(name)) => Global::named(module, name)?,
            _ => return Err(broken()),
        };
        self.push(Object::Global(global));
        Ok(())
    }

    fn call(&mut self, is_new: bool) -> Result<(), Refused> {
        let parts = self.pop_many(2)?;
        let (Object::Global(global), Object::Tuple(arguments)) = (&self.objects[parts[0]], &self.objects[parts[1]])
        else {
            return Err(broken());
        };
        let arguments: Vec<&Object> = arguments.iter().map(|id| &self.objects[*id]).collect();
        let made = match (is_new, global, arguments.as_slice()) {
            (true, Global::Uuid, []) => Object::BlankUuid,
            _ => call(*global, &arguments)?,
        };
        self.push(made);
        Ok(())
    }

    /// Gives an object its attributes: only a UUID is made in two steps.
    fn build(&mut self) -> Result<(), Refused> {
        let (state, object) = (self.pop()?, self.top()?);
        let (Object::BlankUuid, Object::Dict(entries)) = (&self.objects[object], &self.objects[state]) else {
            return Err(broken());
        };
        let is_int = |id: Id| match &self.objects[id] {
            Object::Text(name) => name == "int",
            Object::OldText(name) => name == b"int",
            _ => false,
        };
        let number = entries.iter().find(|(name, _)| is_int(*name)).map(|(_, number)| &self.objects[*number]);
        let (made, looked_at) = (number.and_then(uuid_of).ok_or_else(broken)?, entries.len());
        self.objects[object] = made;
        self.spend(looked_at);
        Ok(())
    }
}

fn pairs(ids: &[Id]) -> Result<Vec<(Id, Id)>, Refused> {
    if !ids.len().is_multiple_of(2) {
        return Err(broken());
    }
    Ok(ids.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
}
