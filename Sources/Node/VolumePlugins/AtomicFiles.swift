package import NodeInterfaces

/// Writes a set of files so that readers see all old or all new ones, in the layout of kubelet's atomic writer:
/// the files live in a directory named after the time, `..data` is a link to it, and each visible name links below
/// `..data`. Renaming `..data` switches all of them at once.
package struct AtomicFiles: Sendable {
    private let directory: String

    /// Writes below `directory`, which exists.
    package init(_ directory: String) { self.directory = directory }

    /// Makes the files be exactly `files`; `generation` names the new directory and has not been used before.
    /// Returns whether anything changed. Refuses all of them when a path could lead out of the directory, whatever
    /// was checked before: the agent writes as root.
    package func replace(
        with files: [String: VolumeFile], group: Int64?, generation: String
    ) throws(VolumeError) -> Bool {
        for path in files.keys.sorted() where !Self.staysInside(path) {
            throw VolumeError("invalid path \"\(path)\": must be relative, not empty and without '..'")
        }
        do throws(HostFileError) {
            return try exchange(files, group: group, generation: generation)
        } catch {
            throw VolumeError(error.description)
        }
    }

    /// Names that begin with two dots are this layout's own.
    private static func staysInside(_ path: String) -> Bool {
        !path.isEmpty && !path.hasPrefix("/") && !path.hasPrefix("..") && !path.split(separator: "/").contains("..")
    }

    private func exchange(
        _ files: [String: VolumeFile], group: Int64?, generation: String
    ) throws(HostFileError) -> Bool {
        let dataLink = "\(directory)/..data"
        let former = AtomicLayout.version(in: directory)
        if let former, try isCurrent(files, in: "\(directory)/\(former)") { return false }
        let name = "..\(generation)"
        try write(files, in: "\(directory)/\(name)", group: group)
        try HostFiles.link(dataLink, to: name)
        try linkVisibleNames(of: files)
        if let former, former != name { try HostFiles.removeTree("\(directory)/\(former)") }
        return true
    }

    private func isCurrent(_ files: [String: VolumeFile], in data: String) throws(HostFileError) -> Bool {
        guard Set(Self.paths(below: data)) == Set(files.keys) else { return false }
        for (path, file) in files {
            let present = "\(data)/\(path)"
            guard HostFiles.size(present) == Int64(file.content.count), try HostFiles.read(present) == file.content
            else { return false }
        }
        return Set(Self.visibleNames(files)).isSubset(of: HostFiles.names(in: directory))
    }

    private func write(_ files: [String: VolumeFile], in data: String, group: Int64?) throws(HostFileError) {
        try HostFiles.makeDirectory(data, mode: 0o755)
        if let group { try HostFiles.setGroup(data, group) }
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            let full = "\(data)/\(path)"
            try HostFiles.makeDirectory(HostFiles.directory(of: full))
            // With fsGroup the group may read what the owner may (kubelet's SetVolumeOwnership).
            try HostFiles.write(file.content, to: full, mode: group == nil ? file.mode : file.mode | 0o440)
            if let group { try HostFiles.setGroup(full, group) }
        }
    }

    private func linkVisibleNames(of files: [String: VolumeFile]) throws(HostFileError) {
        let wanted = Self.visibleNames(files)
        for name in wanted {
            let link = "\(directory)/\(name)"
            if HostFiles.linkTarget(link) != "..data/\(name)" { try HostFiles.link(link, to: "..data/\(name)") }
        }
        for name in HostFiles.names(in: directory) where !name.hasPrefix("..") && !wanted.contains(name) {
            try HostFiles.removeTree("\(directory)/\(name)")
        }
    }

    private static func visibleNames(_ files: [String: VolumeFile]) -> Set<String> {
        Set(files.keys.compactMap { $0.split(separator: "/").first.map(String.init) })
    }

    private static func paths(below directory: String, prefix: String = "") -> [String] {
        HostFiles.names(in: directory).flatMap { name -> [String] in
            let path = "\(directory)/\(name)"
            return HostFiles.kind(path, followLinks: false) == .directory
                ? paths(below: path, prefix: "\(prefix)\(name)/") : [prefix + name]
        }
    }
}
