/// The layout of configMap, secret, downwardAPI and projected volumes: the files are in a directory whose name begins
/// with two dots, `..data` is a link to it, and each visible name links below `..data`.
package enum AtomicLayout {
    /// The name of the directory in `root` that `..data` leads to. Nil when there is none, or when the link is not one
    /// that the agent makes: something with write access may have pointed it anywhere on the host (CVE-2017-1002102).
    package static func version(in root: String) -> String? {
        guard let name = HostFiles.linkTarget("\(root)/..data"), name.hasPrefix(".."), name != "..",
            !name.contains("/"), HostFiles.kind("\(root)/\(name)", followLinks: false) == .directory
        else { return nil }
        return name
    }
}
