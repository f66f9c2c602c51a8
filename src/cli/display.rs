//! Whether a browser that opens on this machine is in front of the user.

use std::env;

/// No: over SSH, and without a display.
pub(super) fn has_browser() -> bool {
    decide(|name| env::var_os(name).is_some_and(|value| !value.is_empty()), cfg!(any(windows, target_os = "macos")))
}

fn decide(is_set: impl Fn(&str) -> bool, always_has_display: bool) -> bool {
    let is_remote = ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].into_iter().any(&is_set);
    // WSL has no display of its own, and opens the browser of Windows.
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"].into_iter().any(&is_set);
    !is_remote && (always_has_display || has_display)
}

#[cfg(test)]
mod tests {
    use super::decide;

    #[test]
    fn a_browser_is_there_with_a_display_and_not_over_ssh() {
        for (set, on_linux, on_macos) in [
            (&[][..], false, true),
            (&["DISPLAY"], true, true),
            (&["WAYLAND_DISPLAY"], true, true),
            (&["WSL_DISTRO_NAME"], true, true),
            (&["DISPLAY", "SSH_CONNECTION"], false, false),
            (&["SSH_TTY"], false, false),
        ] {
            let decided = |always| decide(|name| set.contains(&name), always);
            assert_eq!((decided(false), decided(true)), (on_linux, on_macos), "{set:?}");
        }
    }
}
