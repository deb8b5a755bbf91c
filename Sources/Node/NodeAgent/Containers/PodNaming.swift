internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

/// Host names, resolver settings and the hosts file of a pod.
struct PodNaming {
    let pod: AgentPod
    let clusterDomain: String
    let clusterDNS: String
    /// The node's own resolver settings, the text of `/etc/resolv.conf`.
    let hostResolver: String
    let nodeName: String

    /// The longest host name that the kernel takes.
    private static let longestHostname = 63
    private var spec: PodSpecView { pod.view.spec }

    /// The host name without the domain.
    var shortHostname: String {
        if spec.hostNetwork { return nodeName }
        var name = spec.hostname.isEmpty ? pod.key.name : spec.hostname
        if name.utf8.count > Self.longestHostname {
            name = String(name.prefix(Self.longestHostname))
            while name.last == "-" || name.last == "." { name.removeLast() }
        }
        return name
    }

    /// The domain of the pod's DNS name; empty when it has none.
    var domain: String {
        spec.subdomain.isEmpty ? "" : "\(spec.subdomain).\(pod.key.namespace).svc.\(clusterDomain)"
    }

    /// What `hostname` says in the pod.
    var hostname: String {
        spec.setHostnameAsFQDN && !domain.isEmpty ? "\(shortHostname).\(domain)" : shortHostname
    }

    // MARK: Resolver

    /// The resolver settings by `dnsPolicy`, with `dnsConfig` added; nil leaves the node's.
    var resolver: PodDNSConfig? {
        var settings: PodDNSConfig
        switch spec.dnsPolicy {
        case "None":
            settings = PodDNSConfig(servers: [], searches: [], options: [])
        case "ClusterFirst" where !spec.hostNetwork, "ClusterFirstWithHostNet":
            guard !clusterDNS.isEmpty else { return spec.dnsConfig == nil ? nil : merged(host) }
            let searches = ["\(pod.key.namespace).svc.\(clusterDomain)", "svc.\(clusterDomain)", clusterDomain]
            let others = host.searches.filter { !searches.contains($0) }
            settings = PodDNSConfig(servers: [clusterDNS], searches: searches + others, options: ["ndots:5"])
        default:
            if spec.dnsConfig == nil { return nil }
            settings = host
        }
        return merged(settings)
    }

    private func merged(_ settings: PodDNSConfig) -> PodDNSConfig {
        guard let own = spec.dnsConfig else { return settings }
        var merged = settings
        for server in own.items("nameservers").compactMap(\.string) where !merged.servers.contains(server) {
            merged.servers.append(server)
        }
        for search in own.items("searches").compactMap(\.string) where !merged.searches.contains(search) {
            merged.searches.append(search)
        }
        for option in own.items("options") {
            let name = option.text("name")
            merged.options.removeAll { $0 == name || $0.hasPrefix("\(name):") }
            merged.options.append(option["value"]?.string.map { "\(name):\($0)" } ?? name)
        }
        return merged
    }

    private var host: PodDNSConfig {
        var settings = PodDNSConfig(servers: [], searches: [], options: [])
        for line in hostResolver.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
            guard words.count > 1 else { continue }
            switch words[0] {
            case "nameserver": settings.servers.append(words[1])
            case "search", "domain": settings.searches = words.dropFirst().filter { $0 != "." }
            case "options": settings.options = Array(words.dropFirst())
            default: break
            }
        }
        return settings
    }

    // MARK: Hosts

    /// The text of `/etc/hosts` in the pod, as kubelet manages it. `hostFile` is the node's, for pods on its network.
    func hostsFile(addresses: [String], hostFile: String) -> String {
        var text: String
        if spec.hostNetwork {
            text = "# Kubernetes-managed hosts file (host network).\n" + hostFile
        } else {
            text = """
                # Kubernetes-managed hosts file.
                127.0.0.1\tlocalhost
                ::1\tlocalhost ip6-localhost ip6-loopback
                fe00::0\tip6-localnet
                fe00::0\tip6-mcastprefix
                fe00::1\tip6-allnodes
                fe00::2\tip6-allrouters

                """
            for address in addresses {
                text +=
                    domain.isEmpty
                    ? "\(address)\t\(shortHostname)\n" : "\(address)\t\(shortHostname).\(domain)\t\(shortHostname)\n"
            }
        }
        guard !spec.hostAliases.isEmpty else { return text }
        text += "\n# Entries added by HostAliases.\n"
        for alias in spec.hostAliases {
            let names = alias.items("hostnames").compactMap(\.string)
            text += "\(alias.text("ip"))\t\(names.joined(separator: "\t"))\n"
        }
        return text
    }
}
