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
