//! The CSV, one line at a time: however long the file is, one record of it is in memory for each request that is under way.

use std::{
    error::Error,
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use csv::ByteRecord;
use logto::management::{NewUser, PasswordAlgorithm};
use sha2::{Digest, Sha256};

/// A record that is longer is none: a quotation mark was not closed.
const LONGEST_RECORD: u64 = 1 << 20;

/// Those of a file of wrong lines are passed over: it can be imported as it is, once it is corrected.
pub(crate) const OF_WRONG_LINES: [&str; 2] = ["line", "reason"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Username,
    Email,
    Phone,
    Name,
    Password,
    PasswordAlgorithm,
    PasswordDigest,
    PassedOver,
}

pub(crate) struct Rows {
    reader: csv::Reader<Limited<File>>,
    columns: Arc<[Column]>,
    headers: ByteRecord,
    left: Arc<AtomicU64>,
    read: Arc<AtomicU64>,
    size: u64,
    digest: String,
    number: u64,
}

/// One record.
pub(crate) struct Row {
    /// 1 is the first after the headers.
    pub(crate) number: u64,
    /// The line of the file on which it begins.
    pub(crate) line: u64,
    pub(crate) fields: ByteRecord,
    columns: Arc<[Column]>,
}

impl Rows {
    pub(crate) fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let cannot = |error: io::Error| format!("cannot read {}: {error}", path.display());
        let (size, digest) = File::open(path).and_then(digest).map_err(cannot)?;
        let (left, read) = (Arc::new(AtomicU64::new(LONGEST_RECORD)), Arc::default());
        let file = File::open(path).map_err(cannot)?;
        let file = Limited { file, left: Arc::clone(&left), read: Arc::clone(&read) };
        // How many fields a record has is judged for each, so that one that has too few is one wrong line.
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let headers = reader.byte_headers().map_err(|error| format!("{}: {error}", path.display()))?.clone();
        let columns = headers.iter().map(column).collect::<Result<Arc<[_]>, _>>()?;
        if !columns.iter().any(|column| matches!(column, Column::Username | Column::Email | Column::Phone)) {
            let what = "the first line names none of the columns `username`, `email` and `phone`";
            return Err(format!("{}: {what}", path.display()).into());
        }
        Ok(Self { reader, columns, headers, left, read, size, digest, number: 0 })
    }

    /// The next record. `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Row>, csv::Error> {
        self.left.store(LONGEST_RECORD, Ordering::Relaxed);
        let mut fields = ByteRecord::new();
        if !self.reader.read_byte_record(&mut fields)? {
            return Ok(None);
        }
        self.number += 1;
        let line = fields.position().map_or(0, csv::Position::line);
        Ok(Some(Row { number: self.number, line, fields, columns: Arc::clone(&self.columns) }))
    }

    pub(crate) fn headers(&self) -> &ByteRecord {
        &self.headers
    }

    /// Bytes of the file, and of those how many were read.
    pub(crate) fn size(&self) -> (u64, Arc<AtomicU64>) {
        (self.size, Arc::clone(&self.read))
    }

    /// The SHA-256 of the file: a journal is of one file.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }
}

impl Row {
    /// The user whom the record is about, or what is wrong with it.
    pub(crate) fn user(&self) -> Result<NewUser, String> {
        let (found, named) = (self.fields.len(), self.columns.len());
        if found != named {
            return Err(format!("it has {found} fields, and the first line names {named}"));
        }
        let (mut user, mut is_known) = (NewUser::new(), false);
        let (mut algorithm, mut digest) = (None, None);
        for (column, field) in self.columns.iter().zip(&self.fields) {
            let field = std::str::from_utf8(field).map_err(|_| "it is not UTF-8")?;
            let field = if matches!(column, Column::Password) { field } else { field.trim() };
            if field.is_empty() {
                continue;
            }
            is_known |= matches!(column, Column::Username | Column::Email | Column::Phone);
            user = match column {
                Column::Username => user.username(field),
                Column::Email => user.primary_email(field),
                // Logto keeps digits alone.
                Column::Phone => user.primary_phone(field.trim_start_matches('+')),
                Column::Name => user.name(field),
                Column::Password => user.password(field),
                Column::PasswordAlgorithm => {
                    algorithm = Some(algorithm_of(field)?);
                    user
                }
                Column::PasswordDigest => {
                    digest = Some(field);
                    user
                }
                Column::PassedOver => user,
            };
        }
        match (algorithm, digest) {
            (Some(algorithm), Some(digest)) => user = user.password_digest(digest).password_algorithm(algorithm),
            (None, None) => {}
            _ => return Err("password_algorithm and password_digest go together".to_owned()),
        }
        match is_known {
            true => Ok(user),
            // Logto would take it, each time anew.
            false => Err("it has neither a username nor an email address nor a phone number".to_owned()),
        }
    }
}

/// By Logto's names.
fn algorithm_of(name: &str) -> Result<PasswordAlgorithm, String> {
    Ok(match name {
        "Argon2i" => PasswordAlgorithm::Argon2i,
        "Argon2id" => PasswordAlgorithm::Argon2id,
        "Argon2d" => PasswordAlgorithm::Argon2d,
        "SHA1" => PasswordAlgorithm::Sha1,
        "SHA256" => PasswordAlgorithm::Sha256,
        "MD5" => PasswordAlgorithm::Md5,
        "Bcrypt" => PasswordAlgorithm::Bcrypt,
        "Legacy" => PasswordAlgorithm::Legacy,
        name => return Err(format!("Logto knows no password_algorithm `{name}`")),
    })
}

fn column(name: &[u8]) -> Result<Column, String> {
    Ok(match name.trim_ascii() {
        b"username" => Column::Username,
        b"email" => Column::Email,
        b"phone" => Column::Phone,
        b"name" => Column::Name,
        b"password" => Column::Password,
        b"password_algorithm" => Column::PasswordAlgorithm,
        b"password_digest" => Column::PasswordDigest,
        name if OF_WRONG_LINES.iter().any(|known| known.as_bytes() == name) => Column::PassedOver,
        name => return Err(format!("the column `{}` is not known", String::from_utf8_lossy(name))),
    })
}

/// Reads the file once, a piece at a time.
fn digest(mut file: File) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0_u64;
    loop {
        let read = file.read(&mut buffer)?;
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        hash.update(piece);
        size += u64::try_from(read).unwrap_or_default();
    }
    Ok((size, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()))
}

/// A file of which no more is read for one record than a record may have.
struct Limited<R> {
    file: R,
    left: Arc<AtomicU64>,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        self.read.fetch_add(bytes, Ordering::Relaxed);
        match self.left.load(Ordering::Relaxed).checked_sub(bytes) {
            Some(left) => self.left.store(left, Ordering::Relaxed),
            None => return Err(io::Error::other("a record is longer than 1 MiB: is a quotation mark not closed?")),
        }
        Ok(read)
    }
}
