import NodeInterfaces
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct HostFilesTests {
    @Test func aTreeDeeperThanAnyPathIsRemoved() async throws {
        try await withTemporaryDirectory { directory in
            let root = "\(directory)/tree"
            #expect(mkdir(root, 0o755) == 0)
            // 2,000 levels of 20 bytes: some 42,000 bytes of path, and more levels than files may be open.
            let name = String(repeating: "d", count: 20)
            var folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            for level in 0..<2000 {
                #expect(mkdirat(folder, name, 0o755) == 0)
                if level % 100 == 0 {
                    #expect(mkdirat(folder, ".ordinal-removed-\(level / 100)", 0o755) == 0)
                    close(openat(folder, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
                }
                let next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                close(folder)
                folder = next
            }
            close(folder)
            try HostFiles.removeTree(root)
            #expect(HostFiles.kind(root, followLinks: false) == nil)
        }
    }

    @Test func namesThatAreNoTextAreRemoved() async throws {
        try await withTemporaryDirectory { directory in
            let root = "\(directory)/tree"
            #expect(mkdir(root, 0o755) == 0)
            let folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            let bytes: [CChar] = [-1, -2, 0]
            #expect(mkdirat(folder, bytes, 0o755) == 0)
            close(folder)
            try HostFiles.removeTree(root)
            #expect(HostFiles.kind(root, followLinks: false) == nil)
        }
    }

    @Test func linksAreRemovedAndNotFollowed() async throws {
        try await withTemporaryDirectory { directory in
            try HostFiles.makeDirectory("\(directory)/kept/inside")
            try HostFiles.makeDirectory("\(directory)/tree")
            try HostFiles.link("\(directory)/tree/link", to: "\(directory)/kept")
            try HostFiles.removeTree("\(directory)/tree")
            try HostFiles.removeTree("\(directory)/tree")
            #expect(HostFiles.names(in: directory) == ["kept"])
            #expect(HostFiles.names(in: "\(directory)/kept") == ["inside"])
        }
    }
}
