import NodeInterfaces
import ObjectModel
import Testing
import VolumePlugins

@Suite struct DirectoryVolumeTests {
    @Test func anEmptyDirIsWritableForAllAndGoesWithThePod() async throws {
        try await withTemporaryDirectory { directory in
            let volume = request(["emptyDir": [:]], at: "\(directory)/scratch")
            let path = try await EmptyDirVolume().setUp(volume)
            #expect(HostFiles.mode(path) == 0o777)
            try HostFiles.write(Array("x".utf8), to: "\(path)/file")
            _ = try await EmptyDirVolume().setUp(volume)
            #expect(try text("\(path)/file") == "x")
            try await EmptyDirVolume().tearDown(volume)
            #expect(HostFiles.kind(path) == nil)
        }
    }

    struct PathCase: Sendable {
        var type: String
        var present: HostFiles.Kind?
        var failure: String?
    }

    @Test(arguments: [
        PathCase(type: "", present: nil), PathCase(type: "", present: .file),
        PathCase(type: "DirectoryOrCreate", present: nil), PathCase(type: "FileOrCreate", present: nil),
        PathCase(type: "Directory", present: .directory), PathCase(type: "File", present: .file),
        PathCase(type: "Directory", present: nil, failure: "is not a directory"),
        PathCase(type: "Directory", present: .file, failure: "is not a directory"),
        PathCase(type: "File", present: .directory, failure: "is not a file"),
        PathCase(type: "Socket", present: .file, failure: "is not a socket file"),
    ]) func hostPathsAreCheckedByType(_ test: PathCase) async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/p"
            if test.present == .file { try HostFiles.write([], to: path) }
            if test.present == .directory { try HostFiles.makeDirectory(path) }
            let volume = request(["hostPath": ["path": .string(path), "type": .string(test.type)]], at: "")
            if let failure = test.failure {
                await #expect(throws: VolumeError("hostPath type check failed: \(path) \(failure)")) {
                    _ = try await HostPathVolume().setUp(volume)
                }
            } else {
                #expect(try await HostPathVolume().setUp(volume) == path)
                #expect(HostFiles.kind(path) != nil)
            }
        }
    }

    @Test func aProvisionedVolumeKeepsItsDataUntilItIsDeleted() async throws {
        try await withTemporaryDirectory { directory in
            let provisioner = LocalProvisioner(directory: "\(directory)/volumes")
            let source = try await provisioner.provision(name: "pvc-1", bytes: 1 << 30, parameters: [:])
            let path = try #require(source["hostPath", "path"]?.string)
            #expect(path == "\(directory)/volumes/pvc-1")
            try HostFiles.write(Array("x".utf8), to: "\(path)/file")
            let again = try await provisioner.provision(name: "pvc-1", bytes: 1 << 30, parameters: [:])
            #expect(again == source)
            let volume = request(["persistentVolume": source], at: "\(directory)/pod")
            let plugin = PersistentVolumePlugin(provisioned: "\(directory)/volumes")
            #expect(plugin.serves(volume.source))
            #expect(try await plugin.setUp(volume) == path)
            try await plugin.tearDown(volume)
            #expect(try text("\(path)/file") == "x")
            try await provisioner.delete(name: "pvc-1", spec: source)
            try await provisioner.delete(name: "pvc-1", spec: source)
            #expect(HostFiles.kind(path) == nil)
        }
    }

    @Test func aVolumeMadeByOthersIsNotDeleted() async throws {
        try await withTemporaryDirectory { directory in
            let provisioner = LocalProvisioner(directory: directory)
            await #expect(throws: VolumeError.self) {
                try await provisioner.delete(name: "pvc-1", spec: ["hostPath": ["path": "/etc"]])
            }
            await #expect(throws: VolumeError.self) {
                try await provisioner.delete(name: "../x", spec: [:])
            }
        }
    }

    @Test func eachSourceHasOnePlugin() {
        let sources: [Value] = [
            ["emptyDir": [:]], ["hostPath": ["path": "/x"]], ["configMap": [:]], ["secret": [:]],
            ["downwardAPI": [:]], ["projected": [:]], ["persistentVolume": ["local": [:]]],
            ["persistentVolumeClaim": [:], "persistentVolume": ["hostPath": [:]]],
        ]
        let plugins = BuiltinVolumePlugins.all(provisioned: "/volumes")
        for source in sources {
            #expect(plugins.filter { $0.serves(source) }.count == 1, "\(JSON.text(source))")
        }
        #expect(!plugins.contains { $0.serves(["nfs": [:]]) })
    }
}
