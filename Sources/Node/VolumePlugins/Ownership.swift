internal import NodeInterfaces

/// Gives a volume to the pod's `fsGroup`, as kubelet's SetVolumeOwnership does: the group may read and write, and new
/// files in directories get the group too.
enum Ownership {
    static func apply(_ group: Int64?, to path: String) throws(HostFileError) {
        guard let group else { return }
        try HostFiles.setGroup(path, group)
        switch HostFiles.kind(path, followLinks: false) {
        case .directory:
            try HostFiles.setMode(path, (HostFiles.mode(path) ?? 0) | 0o2770)
            for name in HostFiles.names(in: path) { try apply(group, to: "\(path)/\(name)") }
        case .link, nil: break
        default: try HostFiles.setMode(path, (HostFiles.mode(path) ?? 0) | 0o660)
        }
    }
}
