//! 150 settings, which a program has that is a few years old.

use constance_core::Settings;

/// A rule that names the settings that it looks at.
#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate(|s: &Named| if s.s0 <= s.s1 + 10 { Ok(()) } else { Err("s0 is too high") }, fields(s0, s1)))]
pub(crate) struct Named {
    #[setting(default = 0)]
    pub(crate) s0: i64,
    #[setting(default = 0)]
    pub(crate) s1: i64,
    #[setting(default = 0)]
    s2: i64,
    #[setting(default = 0)]
    s3: i64,
    #[setting(default = 0)]
    s4: i64,
    #[setting(default = 0)]
    s5: i64,
    #[setting(default = 0)]
    s6: i64,
    #[setting(default = 0)]
    s7: i64,
    #[setting(default = 0)]
    s8: i64,
    #[setting(default = 0)]
    s9: i64,
    #[setting(default = 0)]
    s10: i64,
    #[setting(default = 0)]
    s11: i64,
    #[setting(default = 0)]
    s12: i64,
    #[setting(default = 0)]
    s13: i64,
    #[setting(default = 0)]
    s14: i64,
    #[setting(default = 0)]
    s15: i64,
    #[setting(default = 0)]
    s16: i64,
    #[setting(default = 0)]
    s17: i64,
    #[setting(default = 0)]
    s18: i64,
    #[setting(default = 0)]
    s19: i64,
    #[setting(default = 0)]
    s20: i64,
    #[setting(default = 0)]
    s21: i64,
    #[setting(default = 0)]
    s22: i64,
    #[setting(default = 0)]
    s23: i64,
    #[setting(default = 0)]
    s24: i64,
    #[setting(default = 0)]
    s25: i64,
    #[setting(default = 0)]
    s26: i64,
    #[setting(default = 0)]
    s27: i64,
    #[setting(default = 0)]
    s28: i64,
    #[setting(default = 0)]
    s29: i64,
    #[setting(default = 0)]
    s30: i64,
    #[setting(default = 0)]
    s31: i64,
    #[setting(default = 0)]
    s32: i64,
    #[setting(default = 0)]
    s33: i64,
    #[setting(default = 0)]
    s34: i64,
    #[setting(default = 0)]
    s35: i64,
    #[setting(default = 0)]
    s36: i64,
    #[setting(default = 0)]
    s37: i64,
    #[setting(default = 0)]
    s38: i64,
    #[setting(default = 0)]
    s39: i64,
    #[setting(default = 0)]
    s40: i64,
    #[setting(default = 0)]
    s41: i64,
    #[setting(default = 0)]
    s42: i64,
    #[setting(default = 0)]
    s43: i64,
    #[setting(default = 0)]
    s44: i64,
    #[setting(default = 0)]
    s45: i64,
    #[setting(default = 0)]
    s46: i64,
    #[setting(default = 0)]
    s47: i64,
    #[setting(default = 0)]
    s48: i64,
    #[setting(default = 0)]
    s49: i64,
    #[setting(default = 0)]
    s50: i64,
    #[setting(default = 0)]
    s51: i64,
    #[setting(default = 0)]
    s52: i64,
    #[setting(default = 0)]
    s53: i64,
    #[setting(default = 0)]
    s54: i64,
    #[setting(default = 0)]
    s55: i64,
    #[setting(default = 0)]
    s56: i64,
    #[setting(default = 0)]
    s57: i64,
    #[setting(default = 0)]
    s58: i64,
    #[setting(default = 0)]
    s59: i64,
    #[setting(default = 0)]
    s60: i64,
    #[setting(default = 0)]
    s61: i64,
    #[setting(default = 0)]
    s62: i64,
    #[setting(default = 0)]
    s63: i64,
    #[setting(default = 0)]
    s64: i64,
    #[setting(default = 0)]
    s65: i64,
    #[setting(default = 0)]
    s66: i64,
    #[setting(default = 0)]
    s67: i64,
    #[setting(default = 0)]
    s68: i64,
    #[setting(default = 0)]
    s69: i64,
    #[setting(default = 0)]
    s70: i64,
    #[setting(default = 0)]
    s71: i64,
    #[setting(default = 0)]
    s72: i64,
    #[setting(default = 0)]
    s73: i64,
    #[setting(default = 0)]
    s74: i64,
    #[setting(default = 0)]
    s75: i64,
    #[setting(default = 0)]
    s76: i64,
    #[setting(default = 0)]
    s77: i64,
    #[setting(default = 0)]
    s78: i64,
    #[setting(default = 0)]
    s79: i64,
    #[setting(default = 0)]
    s80: i64,
    #[setting(default = 0)]
    s81: i64,
    #[setting(default = 0)]
    s82: i64,
    #[setting(default = 0)]
    s83: i64,
    #[setting(default = 0)]
    s84: i64,
    #[setting(default = 0)]
    s85: i64,
    #[setting(default = 0)]
    s86: i64,
    #[setting(default = 0)]
    s87: i64,
    #[setting(default = 0)]
    s88: i64,
    #[setting(default = 0)]
    s89: i64,
    #[setting(default = 0)]
    s90: i64,
    #[setting(default = 0)]
    s91: i64,
    #[setting(default = 0)]
    s92: i64,
    #[setting(default = 0)]
    s93: i64,
    #[setting(default = 0)]
    s94: i64,
    #[setting(default = 0)]
    s95: i64,
    #[setting(default = 0)]
    s96: i64,
    #[setting(default = 0)]
    s97: i64,
    #[setting(default = 0)]
    s98: i64,
    #[setting(default = 0)]
    s99: i64,
    #[setting(default = 0)]
    s100: i64,
    #[setting(default = 0)]
    s101: i64,
    #[setting(default = 0)]
    s102: i64,
    #[setting(default = 0)]
    s103: i64,
    #[setting(default = 0)]
    s104: i64,
    #[setting(default = 0)]
    s105: i64,
    #[setting(default = 0)]
    s106: i64,
    #[setting(default = 0)]
    s107: i64,
    #[setting(default = 0)]
    s108: i64,
    #[setting(default = 0)]
    s109: i64,
    #[setting(default = 0)]
    s110: i64,
    #[setting(default = 0)]
    s111: i64,
    #[setting(default = 0)]
    s112: i64,
    #[setting(default = 0)]
    s113: i64,
    #[setting(default = 0)]
    s114: i64,
    #[setting(default = 0)]
    s115: i64,
    #[setting(default = 0)]
    s116: i64,
    #[setting(default = 0)]
    s117: i64,
    #[setting(default = 0)]
    s118: i64,
    #[setting(default = 0)]
    s119: i64,
    #[setting(default = 0)]
    s120: i64,
    #[setting(default = 0)]
    s121: i64,
    #[setting(default = 0)]
    s122: i64,
    #[setting(default = 0)]
    s123: i64,
    #[setting(default = 0)]
    s124: i64,
    #[setting(default = 0)]
    s125: i64,
    #[setting(default = 0)]
    s126: i64,
    #[setting(default = 0)]
    s127: i64,
    #[setting(default = 0)]
    s128: i64,
    #[setting(default = 0)]
    s129: i64,
    #[setting(default = 0)]
    s130: i64,
    #[setting(default = 0)]
    s131: i64,
    #[setting(default = 0)]
    s132: i64,
    #[setting(default = 0)]
    s133: i64,
    #[setting(default = 0)]
    s134: i64,
    #[setting(default = 0)]
    s135: i64,
    #[setting(default = 0)]
    s136: i64,
    #[setting(default = 0)]
    s137: i64,
    #[setting(default = 0)]
    s138: i64,
    #[setting(default = 0)]
    s139: i64,
    #[setting(default = 0)]
    s140: i64,
    #[setting(default = 0)]
    s141: i64,
    #[setting(default = 0)]
    s142: i64,
    #[setting(default = 0)]
    s143: i64,
    #[setting(default = 0)]
    s144: i64,
    #[setting(default = 0)]
    s145: i64,
    #[setting(default = 0)]
    s146: i64,
    #[setting(default = 0)]
    s147: i64,
    #[setting(default = 0)]
    s148: i64,
    #[setting(default = 0)]
    s149: i64,
}

/// A rule that looks at everything.
#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate(|s: &Unnamed| if s.s0 <= s.s149 + 10 { Ok(()) } else { Err("s0 is too high") }))]
pub(crate) struct Unnamed {
    #[setting(default = 0)]
    s0: i64,
    #[setting(default = 0)]
    s1: i64,
    #[setting(default = 0)]
    s2: i64,
    #[setting(default = 0)]
    s3: i64,
    #[setting(default = 0)]
    s4: i64,
    #[setting(default = 0)]
    s5: i64,
    #[setting(default = 0)]
    s6: i64,
    #[setting(default = 0)]
    s7: i64,
    #[setting(default = 0)]
    s8: i64,
    #[setting(default = 0)]
    s9: i64,
    #[setting(default = 0)]
    s10: i64,
    #[setting(default = 0)]
    s11: i64,
    #[setting(default = 0)]
    s12: i64,
    #[setting(default = 0)]
    s13: i64,
    #[setting(default = 0)]
    s14: i64,
    #[setting(default = 0)]
    s15: i64,
    #[setting(default = 0)]
    s16: i64,
    #[setting(default = 0)]
    s17: i64,
    #[setting(default = 0)]
    s18: i64,
    #[setting(default = 0)]
    s19: i64,
    #[setting(default = 0)]
    s20: i64,
    #[setting(default = 0)]
    s21: i64,
    #[setting(default = 0)]
    s22: i64,
    #[setting(default = 0)]
    s23: i64,
    #[setting(default = 0)]
    s24: i64,
    #[setting(default = 0)]
    s25: i64,
    #[setting(default = 0)]
    s26: i64,
    #[setting(default = 0)]
    s27: i64,
    #[setting(default = 0)]
    s28: i64,
    #[setting(default = 0)]
    s29: i64,
    #[setting(default = 0)]
    s30: i64,
    #[setting(default = 0)]
    s31: i64,
    #[setting(default = 0)]
    s32: i64,
    #[setting(default = 0)]
    s33: i64,
    #[setting(default = 0)]
    s34: i64,
    #[setting(default = 0)]
    s35: i64,
    #[setting(default = 0)]
    s36: i64,
    #[setting(default = 0)]
    s37: i64,
    #[setting(default = 0)]
    s38: i64,
    #[setting(default = 0)]
    s39: i64,
    #[setting(default = 0)]
    s40: i64,
    #[setting(default = 0)]
    s41: i64,
    #[setting(default = 0)]
    s42: i64,
    #[setting(default = 0)]
    s43: i64,
    #[setting(default = 0)]
    s44: i64,
    #[setting(default = 0)]
    s45: i64,
    #[setting(default = 0)]
    s46: i64,
    #[setting(default = 0)]
    s47: i64,
    #[setting(default = 0)]
    s48: i64,
    #[setting(default = 0)]
    s49: i64,
    #[setting(default = 0)]
    s50: i64,
    #[setting(default = 0)]
    s51: i64,
    #[setting(default = 0)]
    s52: i64,
    #[setting(default = 0)]
    s53: i64,
    #[setting(default = 0)]
    s54: i64,
    #[setting(default = 0)]
    s55: i64,
    #[setting(default = 0)]
    s56: i64,
    #[setting(default = 0)]
    s57: i64,
    #[setting(default = 0)]
    s58: i64,
    #[setting(default = 0)]
    s59: i64,
    #[setting(default = 0)]
    s60: i64,
    #[setting(default = 0)]
    s61: i64,
    #[setting(default = 0)]
    s62: i64,
    #[setting(default = 0)]
    s63: i64,
    #[setting(default = 0)]
    s64: i64,
    #[setting(default = 0)]
    s65: i64,
    #[setting(default = 0)]
    s66: i64,
    #[setting(default = 0)]
    s67: i64,
    #[setting(default = 0)]
    s68: i64,
    #[setting(default = 0)]
    s69: i64,
    #[setting(default = 0)]
    s70: i64,
    #[setting(default = 0)]
    s71: i64,
    #[setting(default = 0)]
    s72: i64,
    #[setting(default = 0)]
    s73: i64,
    #[setting(default = 0)]
    s74: i64,
    #[setting(default = 0)]
    s75: i64,
    #[setting(default = 0)]
    s76: i64,
    #[setting(default = 0)]
    s77: i64,
    #[setting(default = 0)]
    s78: i64,
    #[setting(default = 0)]
    s79: i64,
    #[setting(default = 0)]
    s80: i64,
    #[setting(default = 0)]
    s81: i64,
    #[setting(default = 0)]
    s82: i64,
    #[setting(default = 0)]
    s83: i64,
    #[setting(default = 0)]
    s84: i64,
    #[setting(default = 0)]
    s85: i64,
    #[setting(default = 0)]
    s86: i64,
    #[setting(default = 0)]
    s87: i64,
    #[setting(default = 0)]
    s88: i64,
    #[setting(default = 0)]
    s89: i64,
    #[setting(default = 0)]
    s90: i64,
    #[setting(default = 0)]
    s91: i64,
    #[setting(default = 0)]
    s92: i64,
    #[setting(default = 0)]
    s93: i64,
    #[setting(default = 0)]
    s94: i64,
    #[setting(default = 0)]
    s95: i64,
    #[setting(default = 0)]
    s96: i64,
    #[setting(default = 0)]
    s97: i64,
    #[setting(default = 0)]
    s98: i64,
    #[setting(default = 0)]
    s99: i64,
    #[setting(default = 0)]
    s100: i64,
    #[setting(default = 0)]
    s101: i64,
    #[setting(default = 0)]
    s102: i64,
    #[setting(default = 0)]
    s103: i64,
    #[setting(default = 0)]
    s104: i64,
    #[setting(default = 0)]
    s105: i64,
    #[setting(default = 0)]
    s106: i64,
    #[setting(default = 0)]
    s107: i64,
    #[setting(default = 0)]
    s108: i64,
    #[setting(default = 0)]
    s109: i64,
    #[setting(default = 0)]
    s110: i64,
    #[setting(default = 0)]
    s111: i64,
    #[setting(default = 0)]
    s112: i64,
    #[setting(default = 0)]
    s113: i64,
    #[setting(default = 0)]
    s114: i64,
    #[setting(default = 0)]
    s115: i64,
    #[setting(default = 0)]
    s116: i64,
    #[setting(default = 0)]
    s117: i64,
    #[setting(default = 0)]
    s118: i64,
    #[setting(default = 0)]
    s119: i64,
    #[setting(default = 0)]
    s120: i64,
    #[setting(default = 0)]
    s121: i64,
    #[setting(default = 0)]
    s122: i64,
    #[setting(default = 0)]
    s123: i64,
    #[setting(default = 0)]
    s124: i64,
    #[setting(default = 0)]
    s125: i64,
    #[setting(default = 0)]
    s126: i64,
    #[setting(default = 0)]
    s127: i64,
    #[setting(default = 0)]
    s128: i64,
    #[setting(default = 0)]
    s129: i64,
    #[setting(default = 0)]
    s130: i64,
    #[setting(default = 0)]
    s131: i64,
    #[setting(default = 0)]
    s132: i64,
    #[setting(default = 0)]
    s133: i64,
    #[setting(default = 0)]
    s134: i64,
    #[setting(default = 0)]
    s135: i64,
    #[setting(default = 0)]
    s136: i64,
    #[setting(default = 0)]
    s137: i64,
    #[setting(default = 0)]
    s138: i64,
    #[setting(default = 0)]
    s139: i64,
    #[setting(default = 0)]
    s140: i64,
    #[setting(default = 0)]
    s141: i64,
    #[setting(default = 0)]
    s142: i64,
    #[setting(default = 0)]
    s143: i64,
    #[setting(default = 0)]
    s144: i64,
    #[setting(default = 0)]
    s145: i64,
    #[setting(default = 0)]
    s146: i64,
    #[setting(default = 0)]
    s147: i64,
    #[setting(default = 0)]
    s148: i64,
    #[setting(default = 0)]
    s149: i64,
}
