import Foundation
import GRDB
import ObjectModel
import ObjectStorage
import TestSupport
import Testing

@testable import SQLiteStorage

@Suite struct SQLiteStoreTests {
    private typealias Make = StoreConformance

    @Test(arguments: StoreConformance.checks) func keepsThePromiseOfAStore(_ check: StoreCheck) async throws {
        try await withFolder { folder in
            let store = try await SQLiteStore.open(path: "\(folder)/store.db")
            try await check.run(on: store)
            await store.close()
        }
    }

    @Test func everythingSurvivesARestart() async throws {
        try await withFolder { folder in
            let first = try await SQLiteStore.open(path: "\(folder)/store.db")
            let created = try await first.commit(Make.create("a", "one"))
            let updated = try await first.commit(Make.update("a", "two", from: created))
            let other = try await first.commit(Make.create("b", "kept"))
            _ = try await first.commit(Make.delete("a", final: "two", from: updated))
            let before = try await first.objects(in: .everything, at: .latest, after: nil, limit: nil)
            await first.close()

            let second = try await SQLiteStore.open(path: "\(folder)/store.db")
            let after = try await second.objects(in: .everything, at: .latest, after: nil, limit: nil)
            #expect(after.objects == before.objects)
            #expect(after.revision == Revision(4))
            let past = try await second.objects(in: .everything, at: .exactly(updated), after: nil, limit: nil)
            #expect(past.objects.map(\.object) == [Make.object("a", "two")])
            let watch = try await second.events(in: .everything, after: created)
            let events = try await Make.take(3, from: watch)
            #expect(events.map(\.kind) == [.updated, .created, .deleted])
            #expect(events.last?.previous?.object == Make.object("a", "two"))
            #expect(try await second.commit(Make.update("b", "more", from: other)) == Revision(5))
            await second.close()
        }
    }

    @Test func compactionSurvivesARestartAndShrinksTheFile() async throws {
        try await withFolder { folder in
            let path = "\(folder)/store.db"
            let first = try await SQLiteStore.open(path: path)
            var revision = try await first.commit(Make.create("a", "0"))
            for number in 1..<20 { revision = try await first.commit(Make.update("a", "\(number)", from: revision)) }
            let gone = try await first.commit(Make.create("b"))
            _ = try await first.commit(Make.delete("b", final: "", from: gone))
            try await first.compact(through: Revision(22))
            await first.close()
            #expect(try rowCount(path) == 1)

            let second = try await SQLiteStore.open(path: path)
            #expect(try await second.currentRevision() == Revision(22))
            #expect(try await second.object(at: Make.key("a"))?.revision == Revision(20))
            await #expect(throws: StoreError.compacted(oldest: Revision(22))) {
                try await second.events(in: .everything, after: Revision(21))
            }
            await second.close()
        }
    }

    @Test func aCopyTakenWhileWritingHoldsEveryAcknowledgedWrite() async throws {
        try await withFolder { folder in
            let store = try await SQLiteStore.open(path: "\(folder)/store.db")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        for number in 0..<30 { _ = try await store.commit(Make.create("w\(writer)-\(number)")) }
                    }
                }
                for round in 0..<4 { try await copyAndCompare(store, folder: folder, round: round) }
                try await group.waitForAll()
            }
            try await copyAndCompare(store, folder: folder, round: 9)
            await store.close()
        }
    }

    /// What a kill -9 leaves: the file and its log. The log stays below the size at which SQLite would checkpoint, so
    /// that copying them one after the other is as good as at once.
    private func copyAndCompare(_ store: SQLiteStore, folder: String, round: Int) async throws {
        let acknowledged = try await store.objects(in: .everything, at: .latest, after: nil, limit: nil)
        let copy = "\(folder)/copy\(round).db"
        try FileManager.default.copyItem(atPath: "\(folder)/store.db", toPath: copy)
        try FileManager.default.copyItem(atPath: "\(folder)/store.db-wal", toPath: copy + "-wal")
        let found = try await SQLiteStore.open(path: copy)
        #expect(try await found.currentRevision() >= acknowledged.revision)
        for object in acknowledged.objects { #expect(try await found.object(at: object.key) == object) }
        _ = try await found.commit(Make.create("after-the-crash"))
        await found.close()
    }

    @Test func aSecondStoreOnTheSameFileIsRefused() async throws {
        try await withFolder { folder in
            let path = "\(folder)/store.db"
            let store = try await SQLiteStore.open(path: path)
            await #expect(throws: StoreOpenError.inUse(path: path + ".lock")) {
                _ = try await SQLiteStore.open(path: path)
            }
            await store.close()
            await (try SQLiteStore.open(path: path)).close()
        }
    }

    @Test func aNewerFormatIsRefusedInWordsForPeople() async throws {
        try await withFolder { folder in
            let path = "\(folder)/store.db"
            await (try SQLiteStore.open(path: path)).close()
            try await DatabaseQueue(path: path).write { try $0.execute(sql: "PRAGMA user_version = 99") }
            let error = try await #require(throws: StoreOpenError.self) { _ = try await SQLiteStore.open(path: path) }
            #expect(error == .newerFormat(path: path, found: 99, supported: 1))
            #expect("\(error)".contains("format 99"))
        }
    }

    @Test func theFileOfAnotherProgramIsRefused() async throws {
        try await withFolder { folder in
            let path = "\(folder)/store.db"
            try await DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE t (x)") }
            await #expect(throws: StoreOpenError.foreignFile(path: path)) {
                _ = try await SQLiteStore.open(path: path)
            }
        }
    }

    @Test func aMissingFolderIsReported() async throws {
        let path = "/nonexistent/ordinal/store.db"
        let error = try await #require(throws: StoreOpenError.self) { _ = try await SQLiteStore.open(path: path) }
        #expect("\(error)".contains("No such file or directory"))
    }

    @Test func writesAreDurableAndPrivate() async throws {
        try await withFolder { folder in
            let file = try VersionFile(path: "\(folder)/store.db")
            let (synchronous, journal) = try await file.queue.read { database in
                (
                    try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                    try String.fetchOne(database, sql: "PRAGMA journal_mode")
                )
            }
            #expect(synchronous == 2)
            #expect(journal == "wal")
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/store.db")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func aFailingDiskAnswersUnavailableAndChangesNothing() async throws {
        try await withFolder { folder in
            let path = "\(folder)/store.db"
            let store = try await SQLiteStore.open(path: path)
            _ = try await store.commit(Make.create("a", "kept"))
            // Another connection takes the table away: every insert fails from now on.
            try await DatabaseQueue(path: path).write { try $0.execute(sql: "ALTER TABLE versions RENAME TO hidden") }
            let error = try await #require(throws: StoreError.self) { _ = try await store.commit(Make.create("b")) }
            guard case .unavailable = error else { throw error }
            #expect(try await store.currentRevision() == Revision(1))
            #expect(try await store.object(at: Make.key("b")) == nil)
            try await DatabaseQueue(path: path).write { try $0.execute(sql: "ALTER TABLE hidden RENAME TO versions") }
            #expect(try await store.commit(Make.create("b")) == Revision(2))
            await store.close()
        }
    }

    @Test func aClosedStoreRefusesWritesAndEndsItsWatches() async throws {
        try await withFolder { folder in
            let store = try await SQLiteStore.open(path: "\(folder)/store.db")
            let watch = try await store.events(in: .everything, after: .zero)
            await store.close()
            await #expect(throws: StoreError.unavailable("the store is closed")) { try await watch.next() }
            await #expect(throws: StoreError.unavailable("the store is closed")) {
                try await store.commit(Make.create("a"))
            }
        }
    }

    private func rowCount(_ path: String) throws -> Int? {
        try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "SELECT count(*) FROM versions") }
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }
}
