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

    /// Removes the link to an instance's log; one that is not there is fine.
    package func removeLink(_ pod: PodIdentity, container: String, id: String) {
        unlink(link(pod, container: container, id: id))
    }
}
