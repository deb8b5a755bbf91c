/// Where the machine's control group hierarchies are mounted.
struct CgroupMounts: Sendable, Hashable {
    /// One version-1 hierarchy.
    struct Hierarchy: Sendable, Hashable {
        var path: String
        var controllers: Set<String>
    }

    /// The version-1 hierarchies.
    var versionOne: [Hierarchy] = []
    /// The version-2 hierarchy.
    var unified: String?

    /// Reads `/proc/self/mounts`; of several mounts of the same hierarchy it keeps the first.
    init(mounts text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 3 else { continue }
            if words[2] == "cgroup2", unified == nil { unified = words[1] }
            guard words[2] == "cgroup" else { continue }
            let options = Set(words[3].split(separator: ",").map(String.init))
            let hierarchy = Hierarchy(path: words[1], controllers: options.subtracting(Self.plainOptions))
            if !versionOne.contains(where: { $0.controllers == hierarchy.controllers }) { versionOne.append(hierarchy) }
        }
    }

    private static let plainOptions: Set = [
        "rw", "ro", "nosuid", "nodev", "noexec", "relatime", "xattr", "clone_children",
    ]

    /// The version-1 hierarchy of a controller.
    func path(of controller: String) -> String? {
        versionOne.first { $0.controllers.contains(controller) }?.path
    }

    /// Every hierarchy.
    var all: [String] { versionOne.map(\.path) + (unified.map { [$0] } ?? []) }
}
