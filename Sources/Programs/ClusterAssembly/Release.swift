/// What this build is.
package enum Release {
    /// Ordinal's version.
    package static let version = "0.1.0"
    /// The version of the Kubernetes API it serves.
    package static let kubernetesVersion = "v1.36.0"
    #if arch(arm64)
        static let platform = "linux/arm64"
    #else
        static let platform = "linux/amd64"
    #endif
    /// Both, for people.
    package static let text = "ordinal \(version) (Kubernetes API \(kubernetesVersion))"
}
