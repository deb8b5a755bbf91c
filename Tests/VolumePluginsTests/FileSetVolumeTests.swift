import NodeInterfaces
import ObjectModel
import Synchronization
import Testing
import VolumePlugins

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct FileSetVolumeTests {
    /// A plugin whose versions are named 1, 2, 3, …
    private func plugin() -> FileSetVolume {
        let count = Count()
        return FileSetVolume(mayMount: false, now: { Timestamp(nanoseconds: count.next()) })
    }

    private final class Count: Sendable {
        private let value = Mutex<Int64>(0)
        func next() -> Int64 {
            value.withLock { value in
                value += 1
                return value
            }
        }
    }

    @Test(
        .enabled(if: geteuid() == 0),
        arguments: [("secret", true), ("projected", true), ("downwardAPI", true), ("configMap", false)])
    func onlyConfigMapsReachADisk(_ source: String, isInMemory: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let volume = request([source: [:]], at: "\(directory)/v", files: ["a": file("1")])
            for content in ["1", "2"] {
                var volume = volume
                volume.files = ["a": file(content)]
                _ = try await FileSetVolume().setUp(volume)
                #expect(try text("\(directory)/v/a") == content)
                #expect(HostFiles.mode("\(directory)/v") == 0o755)
                #expect((device("\(directory)/v") != device(directory)) == isInMemory)
            }
            try await FileSetVolume().tearDown(volume)
            #expect(HostFiles.kind("\(directory)/v") == nil)
        }
    }

    /// What a process before this one began on the disk goes on there: its containers look at that directory.
    @Test(.enabled(if: geteuid() == 0)) func aVolumeThatBeganOnTheDiskGoesOnThere() async throws {
        try await withTemporaryDirectory { directory in
            let source: Value = ["secret": ["secretName": "s"]]
            _ = try await plugin().setUp(request(source, at: "\(directory)/v", files: ["a": file("1")]))
            _ = try await FileSetVolume().setUp(request(source, at: "\(directory)/v", files: ["a": file("2")]))
            #expect(try text("\(directory)/v/a") == "2")
            #expect(device("\(directory)/v") == device(directory))
        }
    }

    private func device(_ path: String) -> dev_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_dev : nil
    }

    @Test func laysFilesOutAsKubeletDoes() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/conf"
            let made = try await plugin().setUp(
                request(["configMap": ["name": "c"]], at: path, files: ["a.conf": file("1"), "sub/b": file("2")]))
            #expect(made == path)
            #expect(HostFiles.linkTarget("\(path)/..data") == "..1")
            #expect(HostFiles.linkTarget("\(path)/a.conf") == "..data/a.conf")
            #expect(HostFiles.linkTarget("\(path)/sub") == "..data/sub")
            #expect(try text("\(path)/sub/b") == "2")
        }
    }

    @Test func aChangeReplacesAllFilesAtOnce() async throws {
        try await withTemporaryDirectory { directory in
            let plugin = plugin()
            let source: Value = ["secret": ["secretName": "s"]]
            _ = try await plugin.setUp(request(source, at: directory, files: ["old": file("1"), "both": file("1")]))
            _ = try await plugin.setUp(request(source, at: directory, files: ["new": file("2"), "both": file("2")]))
            #expect(HostFiles.names(in: directory) == ["..2", "..data", "both", "new"])
            #expect(try text("\(directory)/both") == "2")
        }
    }

    @Test func nothingIsWrittenWithoutAChange() async throws {
        try await withTemporaryDirectory { directory in
            let plugin = plugin()
            let same = request(["configMap": ["name": "c"]], at: directory, files: ["a": file("1")])
            _ = try await plugin.setUp(same)
            _ = try await plugin.setUp(same)
            #expect(HostFiles.linkTarget("\(directory)/..data") == "..1")
        }
    }

    @Test(arguments: [0o400, 0o644, 0o755]) func modesAreKept(_ mode: Int) async throws {
        try await withTemporaryDirectory { directory in
            _ = try await plugin().setUp(
                request(["secret": [:]], at: directory, files: ["key": file("k", mode: mode)]))
            #expect(HostFiles.mode("\(directory)/key") == mode)
        }
    }

    @Test(arguments: ["../x", "/etc/x", "", "a/../../x", "..data", ".."])
    func aPathThatLeadsOutWritesNothing(_ path: String) async throws {
        try await withTemporaryDirectory { directory in
            let volume = request(
                ["projected": [:]], at: "\(directory)/v", files: [path: file("x"), "good": file("1")])
            await #expect(
                throws: VolumeError("invalid path \"\(path)\": must be relative, not empty and without '..'")
            ) {
                _ = try await plugin().setUp(volume)
            }
            #expect(HostFiles.names(in: "\(directory)/v").isEmpty)
            #expect(HostFiles.names(in: directory) == ["v"])
        }
    }

    @Test(arguments: ["../outside", "/outside", "..", "..away", "inside"])
    func aLinkThatWasTurnedElsewhereIsNotFollowed(_ target: String) async throws {
        try await withTemporaryDirectory { directory in
            let (volume, outside) = ("\(directory)/v", "\(directory)/outside")
            let plugin = plugin()
            try HostFiles.makeDirectory(outside)
            try HostFiles.write(Array("1".utf8), to: "\(outside)/a")
            let source: Value = ["configMap": ["name": "c"]]
            _ = try await plugin.setUp(request(source, at: volume, files: ["a": file("1")]))
            try HostFiles.makeDirectory("\(volume)/inside")
            try HostFiles.link("\(volume)/..away", to: "../outside")
            try HostFiles.link("\(volume)/..data", to: target == "/outside" ? outside : target)
            // The same content, then another one: what the link leads to is neither believed nor removed.
            _ = try await plugin.setUp(request(source, at: volume, files: ["a": file("1")]))
            #expect(HostFiles.linkTarget("\(volume)/..data") == "..2")
            _ = try await plugin.setUp(request(source, at: volume, files: ["a": file("2")]))
            #expect(try text("\(volume)/a") == "2")
            #expect(HostFiles.names(in: directory) == ["outside", "v"])
            #expect(try text("\(outside)/a") == "1")
        }
    }

    @Test func tearingDownLeavesNothing() async throws {
        try await withTemporaryDirectory { directory in
            let all = request(["configMap": [:]], at: "\(directory)/v", files: ["a": file("1")])
            _ = try await plugin().setUp(all)
            try await plugin().tearDown(all)
            try await plugin().tearDown(all)
            #expect(HostFiles.names(in: directory).isEmpty)
        }
    }
}
