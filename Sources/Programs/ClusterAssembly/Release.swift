/// What this build is.
package enum Release {
    /// Ordinal's version.
    package static let version = "0.1.0"
    /// The version of the Kubernetes API it serves.
    package static let kubernetesVersion = "v1.36.0"
    /// Both, for people.
    package static let text = "ordinal \(version) (Kubernetes API \(kubernetesVersion))"
}
