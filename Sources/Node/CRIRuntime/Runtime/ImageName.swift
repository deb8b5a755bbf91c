/// Full names of images, by Docker's rules for short ones.
package enum ImageName {
    /// `nginx` is `docker.io/library/nginx:latest`; an id (`sha256:…`) and a full name stay as they are.
    package static func normalized(_ name: String) -> String {
        if name.hasPrefix("sha256:") { return name }
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let digest = parts.count > 1 ? "@" + parts[1] : ""
        var path = String(parts.first ?? "")
        let first = path.split(separator: "/", maxSplits: 1).first.map(String.init) ?? ""
        let hasHost = path.contains("/") && (first.contains(".") || first.contains(":") || first == "localhost")
        if !hasHost { path = "docker.io/" + (path.contains("/") ? path : "library/" + path) }
        if path.hasPrefix("index.docker.io/") { path = "docker.io/" + path.dropFirst("index.docker.io/".count) }
        let last = path.split(separator: "/").last ?? ""
        let hasTag = last.contains(":")
        return path + (hasTag || !digest.isEmpty ? "" : ":latest") + digest
    }
}
