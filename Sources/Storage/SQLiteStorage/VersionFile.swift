internal import FoundationEssentials
internal import GRDB
internal import ObjectModel
internal import ObjectStorage

/// The SQLite file: every version of every object that can still be read, one row each under its revision.
///
/// A commit appends rows, and compaction deletes those that were replaced, so each version is written once. Reading the
/// rows in order replays the store; nothing else is kept, and nothing has to be repaired after a crash.
struct VersionFile {
    static let format = 1
    /// "Ordn", in the file's header.
    static let applicationID = 0x4F72_646E

    let path: String
    let queue: DatabaseQueue

    /// Opens or makes the file.
    init(path: String) throws(StoreOpenError) {
        self.path = path
        try createPrivateFile(at: path)
        do {
            var configuration = Configuration()
            configuration.label = "ordinal.store"
            configuration.busyMode = .timeout(5)
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.inDatabase { database in
                try Self.checkFormat(of: database, path: path)
                try Self.configure(database, path: path)
                try Self.createTables(in: database)
            }
        } catch let error as StoreOpenError {
            throw error
        } catch {
            throw .unreadable(path: path, reason: Self.text(error))
        }
    }

    private static func checkFormat(of database: Database, path: String) throws {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let owner = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let isNew = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0
        if isNew && found == 0 { return }
        guard owner == applicationID else { throw StoreOpenError.foreignFile(path: path) }
        guard found <= format else {
            throw StoreOpenError.newerFormat(path: path, found: found, supported: format)
        }
    }

    /// Settings are read back: a wrapper may change them behind our back, as GRDB's own WAL mode does.
    private static func configure(_ database: Database, path: String) throws {
        try database.execute(sql: "PRAGMA journal_mode = WAL")
        try database.execute(sql: "PRAGMA synchronous = FULL")
        _ = try Row.fetchAll(database, sql: "PRAGMA journal_size_limit = 33554432")
        _ = try Row.fetchAll(database, sql: "PRAGMA wal_autocheckpoint = 1000")
        let journal = try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? ""
        let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? 0
        guard journal == "wal" else {
            throw StoreOpenError.notDurable(path: path, setting: "journal_mode=\(journal)")
        }
        guard synchronous == 2 else {
            throw StoreOpenError.notDurable(path: path, setting: "synchronous=\(synchronous)")
        }
    }

    private static func createTables(in database: Database) throws {
        guard try Int.fetchOne(database, sql: "PRAGMA user_version") == 0 else { return }
        try database.inTransaction {
            try database.execute(
                sql: """
                    CREATE TABLE versions (
                        revision INTEGER PRIMARY KEY,
                        key TEXT NOT NULL,
                        deleted INTEGER NOT NULL,
                        splice INTEGER NOT NULL,
                        object BLOB NOT NULL
                    );
                    CREATE TABLE compaction (through INTEGER NOT NULL);
                    INSERT INTO compaction VALUES (0);
                    PRAGMA application_id = \(applicationID);
                    PRAGMA user_version = \(format);
                    """)
            return .commit
        }
    }

    /// Replays the file.
    func load() throws(StoreOpenError) -> StoreState {
        do {
            return try queue.inDatabase { database in try replay(database) }
        } catch let error as StoreOpenError {
            throw error
        } catch {
            throw .unreadable(path: path, reason: Self.text(error))
        }
    }

    private func replay(_ database: Database) throws -> StoreState {
        let compacted = Revision(try Int64.fetchOne(database, sql: "SELECT through FROM compaction") ?? 0)
        var state = StoreState(at: compacted)
        let rows = try Row.fetchCursor(
            database, sql: "SELECT revision, key, deleted, splice, object FROM versions ORDER BY revision")
        while let row = try rows.next() {
            let version = try stored(row)
            if version.revision <= compacted {
                state.restore(version)
                continue
            }
            guard version.revision == state.revision.next else {
                throw StoreOpenError.damaged(path: path, reason: "revision \(state.revision.next) is missing")
            }
            let deleted: Bool = row[2]
            let previous = state.object(at: version.key)
            if deleted, previous == nil {
                throw StoreOpenError.damaged(
                    path: path, reason: "\(version.key) goes at \(version.revision) but was not there")
            }
            let kind: StoreEvent.Kind = deleted ? .deleted : previous == nil ? .created : .updated
            state.apply(StoreEvent(kind: kind, current: version, previous: previous))
        }
        return state
    }

    private func stored(_ row: Row) throws -> StoredObject {
        let revision: Int64 = row[0]
        let key: String = row[1]
        let splice: Int = row[3]
        let bytes = try row.withUnsafeData(atIndex: 4) { data in [UInt8](data ?? Data()) }
        guard splice > 0, splice < bytes.count else {
            throw StoreOpenError.damaged(path: path, reason: "the object at revision \(revision) is cut off")
        }
        return StoredObject(
            key: StoreKey(path: key), object: EncodedObject(bytes: bytes, spliceOffset: splice),
            revision: Revision(revision))
    }

    /// What a person needs of an error of SQLite: never the values of a statement.
    static func text(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    }
}

extension Database {
    /// Appends changes and forgets old versions, in one transaction.
    func write(_ events: [StoreEvent], compactingThrough bound: Revision?, forgetting versions: [Revision]) throws {
        try inTransaction(.immediate) {
            let insert = try cachedStatement(
                sql: "INSERT INTO versions (revision, key, deleted, splice, object) VALUES (?, ?, ?, ?, ?)")
            for event in events {
                let object = event.current.object
                try insert.execute(arguments: [
                    event.revision.value, event.current.key.path, event.kind == .deleted, object.spliceOffset,
                    Data(object.bytes),
                ])
            }
            if let bound {
                let delete = try cachedStatement(sql: "DELETE FROM versions WHERE revision = ?")
                for version in versions { try delete.execute(arguments: [version.value]) }
                try cachedStatement(sql: "UPDATE compaction SET through = ?").execute(arguments: [bound.value])
            }
            return .commit
        }
    }
}
