//! Country codes of ISO 3166-1.

/// Every officially assigned alpha-2 code, one after the other, ascending: one text is a quarter of a table of texts in the bundle.
///
/// Source: ISO 3166-1:2020, officially assigned code elements.
const CODES: &str = "\
    ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCD\
    CFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGF\
    GGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKN\
    KPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNA\
    NCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSI\
    SJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVI\
    VNVUWFWSYEYTZAZMZW\
";

/// Every officially assigned alpha-2 code, ascending.
pub fn all() -> impl Iterator<Item = &'static str> {
    (0..CODES.len()).step_by(2).filter_map(|start| CODES.get(start..start + 2))
}

/// The code as the standard writes it, if the text is one in capitals or small letters.
pub fn find(text: &str) -> Option<&'static str> {
    all().find(|code| code.eq_ignore_ascii_case(text))
}
