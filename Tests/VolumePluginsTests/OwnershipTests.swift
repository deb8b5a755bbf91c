import NodeInterfaces
import ObjectModel
import Testing
import VolumePlugins

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `fsGroup`. Without root only the process' own group can be given, so the groups are looked at as root alone.
@Suite struct OwnershipTests {
    private static let isRoot = geteuid() == 0
    private static let group = isRoot ? 4242 : Int64(getegid())

    private func status(_ path: String) -> (mode: mode_t, group: gid_t) {
        var status = stat()
        return lstat(path, &status) == 0 ? (status.st_mode & 0o7777, status.st_gid) : (0, gid_t.max)
    }

    private func isGiven(_ path: String) -> Bool {
        let status = status(path)
        return status.group == gid_t(Self.group) && status.mode & 0o660 == 0o660
    }

    private func local(_ path: String, policy: FSGroupChangePolicy = .always) async throws {
        let source: Value = ["persistentVolume": ["local": ["path": .string(path)]]]
        _ = try await PersistentVolumePlugin(provisioned: "/nowhere").setUp(
            request(source, at: "", fsGroup: Self.group, policy: policy))
    }

    @Test func aVolumeIsGivenToTheGroupAsKubeletDoes() async throws {
        try await withTemporaryDirectory { directory in
            let (volume, outside) = ("\(directory)/v", "\(directory)/outside")
            try HostFiles.makeDirectory("\(volume)/a/b", mode: 0o700)
            try HostFiles.makeDirectory(outside, mode: 0o700)
            try HostFiles.write([], to: "\(volume)/a/b/file", mode: 0o600)
            try HostFiles.write([], to: "\(volume)/a/program", mode: 0o4711)
            try HostFiles.link("\(volume)/a/link", to: outside)
            try await local(volume)
            for path in ["", "/a", "/a/b"] {
                #expect(isGiven(volume + path) && status(volume + path).mode & 0o2010 == 0o2010)
            }
            #expect(isGiven("\(volume)/a/b/file") && status("\(volume)/a/b/file").mode == 0o660)
            #expect(status("\(volume)/a/program").mode == 0o4771)
            #expect(status(outside).mode == 0o700)
            if Self.isRoot { #expect(status(outside).group == getegid()) }
        }
    }

    @Test func namesThatAreNoTextAndTreesDeeperThanAnyPathAreNoObstacle() async throws {
        try await withTemporaryDirectory { directory in
            let volume = "\(directory)/v"
            try HostFiles.makeDirectory(volume)
            let name: [CChar] = [-1, -2] + Array(String(repeating: "d", count: 20).utf8CString)
            var folder = open(volume, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            for _ in 0..<1100 {
                #expect(mkdirat(folder, name, 0o700) == 0)
                close(openat(folder, [-1, 0], O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
                let next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                close(folder)
                folder = next
            }
            defer { close(folder) }
            try await local(volume)
            var deepest = stat()
            #expect(fstat(folder, &deepest) == 0 && deepest.st_mode & 0o7777 == 0o2770)
            #expect(deepest.st_gid == gid_t(Self.group))
            var file = stat()
            #expect(fstatat(folder, "..", &file, 0) == 0 && file.st_gid == gid_t(Self.group))
        }
    }

    /// A file that comes and goes while the walk looks at it.
    @Test func aFileThatVanishesMeanwhileIsNoFailure() async throws {
        try await withTemporaryDirectory { directory in
            let volume = "\(directory)/v"
            try HostFiles.makeDirectory(volume)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled { Self.makeAndRemove(in: volume) }
                }
                for _ in 0..<200 { try await local(volume) }
                group.cancelAll()
            }
        }
    }

    private static func makeAndRemove(in volume: String) {
        for index in 0..<200 {
            let path = "\(volume)/\(index)"
            if index.isMultiple(of: 2) { mkdir(path, 0o700) } else { try? HostFiles.write([], to: path) }
        }
        for index in 0..<200 { remove("\(volume)/\(index)") }
    }

    @Test(arguments: [FSGroupChangePolicy.always, .onRootMismatch])
    func aRootThatMatchesIsEnoughOnlyWhenThePodSaysSo(_ policy: FSGroupChangePolicy) async throws {
        try await withTemporaryDirectory { directory in
            let volume = "\(directory)/v"
            try HostFiles.makeDirectory(volume)
            try HostFiles.write([], to: "\(volume)/first", mode: 0o600)
            try await local(volume, policy: policy)
            #expect(isGiven("\(volume)/first"))
            try HostFiles.write([], to: "\(volume)/second", mode: 0o600)
            try await local(volume, policy: policy)
            #expect(isGiven("\(volume)/second") == (policy == .always))
            try HostFiles.setMode(volume, 0o755)
            try await local(volume, policy: policy)
            #expect(isGiven("\(volume)/second"))
        }
    }

    @Test func onlyVolumesMadeForClaimsAndLocalOnesAreGiven() async throws {
        try await withTemporaryDirectory { directory in
            let plugin = PersistentVolumePlugin(provisioned: "\(directory)/volumes")
            for name in ["volumes/pvc-1", "volumes/pvc-1/below", "etc", "volumes-2"] {
                try HostFiles.makeDirectory("\(directory)/\(name)", mode: 0o711)
            }
            func mode(after path: String, readOnly: Bool = false) async throws -> mode_t {
                let source: Value = [
                    "persistentVolumeClaim": ["claimName": "c", "readOnly": .bool(readOnly)],
                    "persistentVolume": ["hostPath": ["path": .string("\(directory)/\(path)")]],
                ]
                _ = try await plugin.setUp(request(source, at: "", fsGroup: Self.group))
                return status("\(directory)/\(path)").mode
            }
            #expect(try await mode(after: "volumes/pvc-1", readOnly: true) == 0o711)
            for path in ["etc", "volumes", "volumes/../etc", "volumes/..", "volumes/pvc-1/below", "volumes-2"] {
                let before = status("\(directory)/\(path)").mode
                #expect(try await mode(after: path) == before, "\(path)")
            }
            #expect(try await mode(after: "volumes/pvc-1") == 0o2771)
        }
    }
}
