package import NodeInterfaces

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension LogLayout {
    /// Makes the link to an instance's log; replaces one that is there. Returns why it could not, nil when it is made.
    package func makeLink(_ pod: PodIdentity, container: String, attempt: Int, id: String) -> String? {
        let link = link(pod, container: container, id: id)
        unlink(link)
        guard symlink(path(pod, container: container, attempt: attempt), link) == 0 else {
            return "symlink \(link): \(String(cString: strerror(errno)))"
        }
        return nil
    }

    /// Removes the logs of the pods with these uids, and the links that lead to nothing then. What cannot be removed stays.
    package func removeLogs(ofPods uids: Set<String>) {
        for name in HostFiles.names(in: podsDirectory) {
            // NAMESPACE_NAME_UID, of which none has an underscore.
            let parts = name.split(separator: "_")
            guard parts.count == 3, uids.contains(String(parts[2])) else { continue }
            try? HostFiles.removeTree("\(podsDirectory)/\(name)")
            let prefix = "\(parts[1])_\(parts[0])_"
            // One of another instance's pod of that name still leads somewhere.
            for link in HostFiles.names(in: linksDirectory)
            where link.hasPrefix(prefix) && HostFiles.kind("\(linksDirectory)/\(link)") == nil {
                unlink("\(linksDirectory)/\(link)")
            }
        }
    }

    /// Removes the link to an instance's log; one that is not there is fine.
    package func removeLink(_ pod: PodIdentity, container: String, id: String) {
        unlink(link(pod, container: container, id: id))
    }
}
