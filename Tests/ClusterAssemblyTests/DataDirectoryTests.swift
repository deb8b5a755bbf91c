import Foundation
import Testing

@testable import ClusterAssembly

@Suite struct DataDirectoryTests {
    /// Runs `body` with a data directory that is removed behind it.
    private static func with(_ body: (DataDirectory) throws -> Void) throws {
        let path = "/tmp/ordinal-data-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(DataDirectory(path))
    }

    @Test func whatACrashLeftHalfWrittenIsOurs() throws {
        try Self.with { directory in
            try directory.create()
            let half = "\(directory.path)/instance-id.new"
            #expect(FileManager.default.createFile(atPath: half, contents: nil))
            try directory.create()
            #expect(try directory.instanceID().count == 8)
            #expect(FileManager.default.createFile(atPath: half, contents: nil))
            try directory.purge()
            #expect(!FileManager.default.fileExists(atPath: directory.path))
        }
    }

    @Test func aDirectoryOfOtherThingsIsRefused() throws {
        try Self.with { directory in
            try directory.create()
            #expect(FileManager.default.createFile(atPath: "\(directory.path)/thesis.new", contents: nil))
            #expect(throws: StartupError.self) { try directory.create() }
        }
    }

    @Test func anotherUsersDirectoryIsToldApartFromNone() throws {
        try Self.with { directory in
            #expect(directory.denial == nil)
            #expect(directory.denial(code: ENOENT) == nil)
            #expect(directory.denial(code: EACCES)?.description.contains("permission denied") == true)
        }
    }

    @Test func theNodeKeepsItsName() throws {
        try Self.with { directory in
            #expect(directory.nodeName == nil)
            try directory.create()
            try directory.keep(nodeName: "first")
            try directory.keep(nodeName: "first")
            #expect(directory.nodeName == "first")
            let error = #expect(throws: StartupError.self) { try directory.keep(nodeName: "second") }
            #expect(error?.description.contains("--node-name first") == true)
            #expect(directory.nodeName == "first")
            try directory.create()
            try directory.purge()
            #expect(!FileManager.default.fileExists(atPath: directory.path))
        }
    }
}
