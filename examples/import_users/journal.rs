//! What is done, on the disk: an answer counts when it is written there.
//!
//! A line for each row: its number, what became of it, and the user's id, Logto's code, or the length of the file of wrong lines. Answers that came
//! since the last write are written at once, so that a disk that takes its time holds nobody up.

use std::{
    error::Error,
    ffi::OsString,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use csv::ByteRecord;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    done::Done,
    report::{Counts, Totals},
    rows::{OF_WRONG_LINES, Row, Rows},
};

/// What became of a row.
pub(crate) enum Outcome {
    /// By this program, with this id.
    Created(String),
    /// Before, as this code of Logto says.
    There(String),
    /// Never, for this reason.
    Wrong(String),
}

pub(crate) struct Journal {
    file: File,
    wrong: File,
    wrong_length: u64,
}

/// What an earlier run has done.
pub(crate) struct Before {
    pub(crate) done: Done,
    pub(crate) totals: Totals,
}

pub(crate) fn wrong_lines(beside: &Path) -> PathBuf {
    with_ending(beside, ".wrong.csv")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

impl Journal {
    /// Opens the journal of an earlier run, or begins one. It is this program's as long as it is open.
    pub(crate) fn open(beside: &Path, logto: &str, rows: &Rows) -> Result<(Self, Before), Box<dyn Error>> {
        let path = with_ending(beside, ".journal");
        let cannot = |error: io::Error| format!("cannot write {}: {error}", path.display());
        let mut file = private().open(&path).map_err(cannot)?;
        if file.try_lock().is_err() {
            return Err(format!("another import is at work on {}", path.display()).into());
        }
        let title = format!("users of {} into {logto}\n", rows.digest());
        let (before, length, wrong_length) = read(&file, &title).map_err(cannot)?.ok_or_else(|| {
            let path = path.display();
            format!("{path} is of another file or another Logto. Delete it to begin anew: users that are there stay as they are")
        })?;
        // What a crash left half written was not counted.
        file.set_len(length).and_then(|()| file.seek(SeekFrom::End(0))).map_err(cannot)?;
        if length == 0 {
            file.write_all(title.as_bytes()).and_then(|()| file.sync_all()).map_err(cannot)?;
        }
        let wrong_path = wrong_lines(beside);
        let (wrong, wrong_length) = wrong_file(&wrong_path, wrong_length, rows.headers())
            .map_err(|error| format!("cannot write {}: {error}", wrong_path.display()))?;
        sync_directory(&path).map_err(cannot)?;
        Ok((Self { file, wrong, wrong_length }, before))
    }

    /// Writes on a thread of its own what is sent to it.
    pub(crate) fn start(mut self, counts: Arc<Counts>) -> Writer {
        let (sender, mut receiver) = mpsc::channel(1024);
        let thread = tokio::task::spawn_blocking(move || {
            let mut batch = Vec::new();
            while receiver.blocking_recv_many(&mut batch, 1024) > 0 {
                self.write(&batch)?;
                batch.drain(..).for_each(|(_, outcome)| counts.add(&outcome));
            }
            Ok(())
        });
        Writer { sender, thread }
    }

    fn write(&mut self, batch: &[(Row, Outcome)]) -> io::Result<()> {
        let (mut lines, mut wrong) = (String::new(), lines_of_any_length());
        for (row, outcome) in batch {
            let (what, detail) = match outcome {
                Outcome::Created(id) => ("created", id.clone()),
                Outcome::There(code) => ("there", code.clone()),
                Outcome::Wrong(reason) => {
                    write_wrong(&mut wrong, &row.line.to_string(), reason, &row.fields)?;
                    wrong.flush()?;
                    let length = self.wrong_length + u64::try_from(wrong.get_ref().len()).unwrap_or_default();
                    ("wrong", length.to_string())
                }
            };
            // An id of Logto has no line breaks; an answer could.
            let detail: String = detail.chars().filter(|c| !c.is_control()).collect();
            lines.extend([row.number.to_string().as_str(), " ", what, " ", &detail, "\n"]);
        }
        let wrong = wrong.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        if !wrong.is_empty() {
            self.wrong.write_all(&wrong)?;
            self.wrong.sync_data()?;
            self.wrong_length += u64::try_from(wrong.len()).unwrap_or_default();
        }
        self.file.write_all(lines.as_bytes())?;
        self.file.sync_data()
    }
}

/// The way to the journal's thread.
pub(crate) struct Writer {
    sender: mpsc::Sender<(Row, Outcome)>,
    thread: JoinHandle<io::Result<()>>,
}

impl Writer {
    /// Fails if the thread has ended: [`finish`](Self::finish) says why.
    pub(crate) async fn note(&self, row: Row, outcome: Outcome) -> Result<(), String> {
        self.sender.send((row, outcome)).await.map_err(|_| "the journal cannot be written".to_owned())
    }

    /// Waits until everything is written.
    pub(crate) async fn finish(self) -> Result<(), String> {
        drop(self.sender);
        match self.thread.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("the journal cannot be written: {error}")),
            Err(error) => Err(format!("the journal cannot be written: {error}")),
        }
    }
}

/// The lines that are whole: with the length of the journal and of the file of wrong lines up to there. `None` for another title.
fn read(file: &File, title: &str) -> io::Result<Option<(Before, u64, u64)>> {
    let mut before = Before { done: Done::default(), totals: Totals::default() };
    let (mut reader, mut line) = (BufReader::new(file), String::new());
    let mut length = u64::try_from(reader.read_line(&mut line)?).unwrap_or_default();
    if !line.ends_with('\n') {
        // Nothing, or half a title.
        return Ok(title.starts_with(&line).then_some((before, 0, 0)));
    }
    if line != title {
        return Ok(None);
    }
    let mut wrong_length = 0;
    loop {
        line.clear();
        let bytes = u64::try_from(reader.read_line(&mut line).unwrap_or_default()).unwrap_or_default();
        let Some((row, what, detail)) = parse(&line) else { break };
        length += bytes;
        before.done.add(row);
        match what {
            "created" => before.totals.created += 1,
            "there" => before.totals.there += 1,
            _ => {
                before.totals.wrong += 1;
                wrong_length = detail.parse().unwrap_or(wrong_length);
            }
        }
    }
    Ok(Some((before, length, wrong_length)))
}

fn parse(line: &str) -> Option<(u64, &str, &str)> {
    let mut words = line.strip_suffix('\n')?.splitn(3, ' ');
    let (row, what, detail) = (words.next()?.parse().ok()?, words.next()?, words.next()?);
    matches!(what, "created" | "there" | "wrong").then_some((row, what, detail))
}

/// The file of wrong lines, without those that the journal does not know of.
fn wrong_file(path: &Path, length: u64, headers: &ByteRecord) -> io::Result<(File, u64)> {
    let mut file = private().open(path)?;
    file.set_len(length.min(file.metadata()?.len()))?;
    let mut length = file.seek(SeekFrom::End(0))?;
    if length == 0 {
        let mut first = lines_of_any_length();
        let [line, reason] = OF_WRONG_LINES;
        write_wrong(&mut first, line, reason, headers)?;
        let first = first.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        file.write_all(&first)?;
        file.sync_all()?;
        length = u64::try_from(first.len()).unwrap_or_default();
    }
    Ok((file, length))
}

/// A line may be wrong because it has too few fields.
fn lines_of_any_length() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().flexible(true).from_writer(Vec::new())
}

fn write_wrong(wrong: &mut csv::Writer<Vec<u8>>, line: &str, reason: &str, fields: &ByteRecord) -> io::Result<()> {
    let own = [line.as_bytes(), reason.as_bytes()];
    wrong.write_byte_record(&own.into_iter().chain(fields).collect()).map_err(io::Error::other)
}

/// Readable by its owner alone, as the CSV may be: it names users, and wrong lines have their passwords.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A new file is there after a power cut, too, once its directory is written.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}
