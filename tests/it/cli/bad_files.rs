//! Files that are not as the program left them, and folders in which it cannot leave any.

use std::{
    fs,
    os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink},
    path::Path,
    process::Command,
    time::Duration,
};

use logto::cli::CliClient;
use serde_json::Value;

use super::{World, books, mode, refused};

const KEY: &str = "a key of at least thirty-two bytes, of this test";

#[tokio::test]
async fn the_file_and_its_folder_are_of_this_user_alone() {
    let world = World::start().await;
    let run = world.signed_in().await;
    for _ in 0..2 {
        assert_eq!(world.folder.names(), ["tokens", "tokens.lock"]);
        assert_eq!(mode(&world.file()), 0o600);
        assert_eq!(mode(world.file().parent().unwrap()), 0o700);
        assert_eq!(mode(&world.file().with_extension("lock")), 0o600);
        run.get_access_token(books().force_refresh(true)).await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_is_garbage_says_so_and_the_next_sign_in_replaces_it() {
    let world = World::start().await;
    world.signed_in().await;
    let good: Value = serde_json::from_str(&world.stored()).unwrap();
    let altered = |change: fn(&mut Value)| {
        let mut altered = good.clone();
        change(&mut altered);
        altered.to_string().into_bytes()
    };
    let half = world.stored().into_bytes();
    for (bytes, why) in [
        (Vec::new(), "no key is set"),
        (b"{}".to_vec(), "not what this program writes"),
        (b"null".to_vec(), "no key is set"),
        (vec![0; 1000], "no key is set"),
        (vec![b'{'; 300_000], "not what this program writes"),
        (vec![b'{'; 600_000], "larger than"),
        (half[..half.len() / 2].to_vec(), "not what this program writes"),
        (altered(|file| file["version"] = 2.into()), "another version"),
        (altered(|file| file["issuer"] = "https://evil.test/oidc".into()), "another server"),
        (altered(|file| file["client_id"] = "another".into()), "another app"),
        (altered(|file| file["claims"] = "ada".into()), "not what this program writes"),
        (altered(|file| file["refresh_token"] = 7.into()), "not what this program writes"),
    ] {
        write(&world.file(), &bytes, 0o600);
        let told = refused(world.run().whoami().await, "cli.storage_unreadable");
        assert!(told.contains(why) && told.contains(world.file().to_str().unwrap()), "{told}");
        refused(world.run().get_access_token(books()).await, "cli.storage_unreadable");
    }
    let secret = good["refresh_token"].as_str().unwrap();
    write(&world.file(), format!("{{\"refresh_token\": [\"{secret}\"]}}").as_bytes(), 0o600);
    assert!(!refused(world.run().whoami().await, "cli.storage_unreadable").contains(secret));
    assert_eq!(world.mock.requests_total(), 0);
    world.run().login().await.unwrap();
    assert_eq!(world.run().whoami().await.unwrap().sub(), "user-ada");
}

#[tokio::test]
async fn links_pipes_folders_and_files_that_others_can_read_are_not_used() {
    let world = World::start().await;
    world.signed_in().await;
    let (file, elsewhere) = (world.file(), world.folder.0.join("elsewhere"));

    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    let told = refused(world.run().get_access_token(books()).await, "cli.storage_unreadable");
    assert!(told.contains("a link"), "{told}");
    fs::remove_file(&file).unwrap();

    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    refused(world.run().whoami().await, "cli.storage_unreadable");
    fs::remove_file(&file).unwrap();

    fs::create_dir(&file).unwrap();
    refused(world.run().whoami().await, "cli.storage_unreadable");
    fs::remove_dir(&file).unwrap();

    fs::rename(&elsewhere, &file).unwrap();
    for mode in [0o644, 0o640, 0o602, 0o660] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let told = refused(world.run().whoami().await, "cli.storage_unreadable");
        assert!(told.contains("0600"), "{told}");
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    world.run().whoami().await.unwrap();

    // As root nothing is forbidden, so the owner is looked at.
    if std::os::unix::fs::chown(&file, Some(65_534), None).is_ok() {
        let told = refused(world.run().whoami().await, "cli.storage_unreadable");
        assert!(told.contains("another user"), "{told}");
    } else {
        crate::skipped::skipped("a file of another user", "only root can make one");
    }
}

/// What somebody else put in the way is replaced, and what it leads to is not touched.
#[tokio::test]
async fn links_in_the_way_of_a_write_are_not_followed() {
    let world = World::start().await;
    world.signed_in().await;
    let target = world.folder.0.join("precious");
    for name in ["tokens", "tokens.new"] {
        fs::write(&target, "precious").unwrap();
        let link = world.file().with_file_name(name);
        _ = fs::remove_file(&link);
        symlink(&target, &link).unwrap();
        world.run().login().await.unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious", "{name}");
        assert!(!fs::symlink_metadata(world.file()).unwrap().is_symlink());
        world.run().whoami().await.unwrap();
    }
    // A lock that is a link is not locked.
    fs::remove_file(world.file().with_file_name("tokens.lock")).unwrap();
    symlink(&target, world.file().with_file_name("tokens.lock")).unwrap();
    refused(world.run().login().await, "cli.storage_failed");
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
}

/// Of a run that was killed while it wrote.
#[tokio::test]
async fn a_file_half_written_by_a_run_that_was_killed_is_not_read_and_goes_with_the_next_write() {
    let world = World::start().await;
    let run = world.signed_in().await;
    fs::write(world.file().with_file_name("tokens.new"), "{\"version\":1,\"ref").unwrap();
    run.whoami().await.unwrap();
    run.get_access_token(books()).await.unwrap();
    assert_eq!(world.folder.names(), ["tokens", "tokens.lock"]);
}

/// Before the user is asked for anything, and before Logto is.
#[tokio::test]
async fn a_folder_that_cannot_be_written_is_found_before_the_sign_in() {
    let world = World::start().await;
    let blocker = world.folder.0.join("a file");
    fs::write(&blocker, "").unwrap();
    for path in [blocker.join("tokens"), Path::new("/proc/logto-cli/tokens").to_owned()] {
        let run: CliClient = world.builder().file(&path).build().unwrap();
        let told = refused(run.login().await, "cli.storage_failed");
        assert!(told.contains(path.parent().unwrap().to_str().unwrap()), "{told}");
    }
    assert_eq!(world.mock.requests_total(), 0);
    assert!(world.prompts.lock().unwrap().is_empty());
}

/// Logto is not asked for what could not be kept: its answer would spend the refresh token.
#[tokio::test]
async fn nothing_is_refreshed_where_it_cannot_be_written() {
    let world = World::start().await;
    let run = world.signed_in().await;
    // A folder in the place of the file beside.
    let in_the_way = world.file().with_file_name("tokens.new");
    fs::create_dir(&in_the_way).unwrap();
    let before = world.stored();
    refused(run.get_access_token(books()).await, "cli.storage_failed");
    assert_eq!((world.mock.requests_total(), world.stored()), (0, before));
    // What is there is served, and nothing is lost.
    run.whoami().await.unwrap();
    fs::remove_dir(&in_the_way).unwrap();
    let token = run.get_access_token(books()).await.unwrap();
    // A token in its last minute serves to its end.
    fs::create_dir(&in_the_way).unwrap();
    world.clock.advance(Duration::from_secs(3570));
    assert_eq!(run.get_access_token(books()).await.unwrap(), token);
    world.clock.advance(Duration::from_secs(60));
    refused(run.get_access_token(books()).await, "cli.storage_failed");
}

#[tokio::test]
async fn a_sealed_file_shows_nothing_and_opens_with_its_key_alone() {
    let world = World::start().await;
    let sealed = |key: &str| world.builder().seal_key(key).build().unwrap();
    sealed(KEY).login().await.unwrap();
    let stored = world.stored();
    assert!(!stored.contains("ada") && !stored.contains("refresh_token") && !stored.starts_with('{'), "{stored}");
    assert_eq!(sealed(KEY).whoami().await.unwrap().sub(), "user-ada");
    sealed(KEY).get_access_token(books()).await.unwrap();

    let other = refused(sealed(&KEY.replace("this", "that")).whoami().await, "cli.storage_unreadable");
    assert!(other.contains("another key"), "{other}");
    refused(world.run().whoami().await, "cli.storage_unreadable");
    let stored = world.stored();
    let mut changed = stored.into_bytes();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    write(&world.file(), &changed, 0o600);
    refused(sealed(KEY).whoami().await, "cli.storage_unreadable");

    // A file that anybody could have written is not believed.
    world.run().login().await.unwrap();
    let told = refused(sealed(KEY).whoami().await, "cli.storage_unreadable");
    assert!(told.contains("not sealed"), "{told}");
}

#[test]
fn settings_that_are_wrong_are_all_named() {
    let error = CliClient::builder().application("../x").seal_key("short").build().unwrap_err();
    let named: Vec<_> = error.config_problems().iter().map(|problem| problem.setting().to_owned()).collect();
    assert_eq!(named, ["endpoint", "app_id", "application", "seal_key"], "{error}");
    for name in ["", ".", "..", "a/b", "a\\b", ".hidden", "nul\0", "dot."] {
        let builder = CliClient::builder().endpoint("https://x.logto.app").app_id("app").application(name);
        assert_eq!(builder.build().unwrap_err().code(), "config.invalid", "{name}");
    }
}

fn write(path: &Path, bytes: &[u8], mode: u32) {
    use std::io::Write;

    _ = fs::remove_file(path);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(mode).open(path).unwrap().write_all(bytes).unwrap();
}
