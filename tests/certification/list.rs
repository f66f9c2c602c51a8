//! The list of modules in `docs/certification.md` is the one that runs.

use std::fs;

use crate::{
    back_channel_logout, basic, config, form_post, refresh_token, rp_initiated_logout, third_party_initiated_login,
};

#[test]
fn the_document_names_every_module() {
    let document = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/certification.md")).unwrap();
    let plans = [
        ("basic", basic::MODULES, 14),
        ("config", config::MODULES, 6),
        ("rp_initiated_logout", rp_initiated_logout::MODULES, 3),
        ("back_channel_logout", back_channel_logout::MODULES, 8),
        ("form_post", form_post::MODULES, 15),
        ("refresh_token", refresh_token::MODULES, 3),
        ("third_party_initiated_login", third_party_initiated_login::MODULES, 3),
    ];
    for (plan, modules, count) in plans {
        assert_eq!(modules.len(), count, "{plan}");
        for module in modules {
            let (row, test) = (module.replace('_', "-"), format!("`{plan}::ours::{module}`"));
            let of_basic = plan == "form_post" && basic::MODULES.contains(module);
            let is_there = of_basic || document.lines().any(|line| line.contains(&test));
            assert!(is_there, "docs/certification.md has no row with {test}");
            let official = module.starts_with("oidcc");
            assert!(!official || document.contains(&format!("`{row}`")), "docs/certification.md does not name {row}");
        }
    }
}
