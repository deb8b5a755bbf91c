internal import Processes

/// The chains of the CNI plugin `portmap` in the table `nat`. It makes three common ones at the first host port of the
/// machine and never removes them; those of a pod stay when the pod was not stopped through CNI.
package struct HostPortChains: Sendable, Hashable {
    /// The programs that the plugin uses; a machine without them has no such chains.
    static let list = SystemProgram(name: "iptables", debianPackage: "iptables")
    static let change = SystemProgram(name: "iptables-restore", debianPackage: "iptables")

    private static let translation = "CNI-HOSTPORT-DNAT"
    /// The common chains with the target of the one rule that each may have.
    private static let common = [translation: "", "CNI-HOSTPORT-MASQ": "MASQUERADE", "CNI-HOSTPORT-SETMARK": "MARK"]
    private static let entrances: Set<String> = ["PREROUTING", "OUTPUT", "POSTROUTING"]

    /// The name of the network whose pods' chains are ours.
    let network: String

    /// What removes our pods' chains, and the common ones when no other network has a host port, as one transaction for
    /// `iptables-restore --noflush`; nil when nothing is to be removed. `listing` is the output of `iptables -t nat -S`.
    package func removal(from listing: String) -> String? {
        let rules = listing.split(separator: "\n").compactMap(Rule.init)
        let translations = rules.filter { $0.chain == Self.translation }
        let ours = translations.filter { $0.text.contains(#"name: \"\#(network)\""#) }
        let pods = Set(ours.map(\.target))
        var lines = ours.map(\.deletion) + pods.sorted().flatMap { ["-F \($0)", "-X \($0)"] }
        if ours.count == translations.count { lines += commonRemoval(rules, listing, pods) }
        return lines.isEmpty ? nil : (["*nat"] + lines + ["COMMIT\n"]).joined(separator: "\n")
    }

    private func commonRemoval(_ rules: [Rule], _ listing: String, _ pods: Set<String>) -> [String] {
        let present = Self.common.keys.filter { listing.contains("-N \($0)\n") }.sorted()
        let inside = rules.filter { Self.common[$0.chain] != nil && $0.chain != Self.translation }
        let jumps = rules.filter { Self.common[$0.target] != nil && !pods.contains($0.chain) }
        guard inside.allSatisfy({ Self.common[$0.chain] == $0.target }),
            jumps.allSatisfy({ Self.entrances.contains($0.chain) })
        else { return [] }
        return jumps.map(\.deletion) + present.map { "-F \($0)" } + present.map { "-X \($0)" }
    }

    /// One `-A CHAIN … -j TARGET …` of a listing.
    private struct Rule {
        let text: Substring
        let chain: String
        let target: String

        init?(_ line: Substring) {
            let words = line.split(separator: " ")
            guard words.count > 3, words[0] == "-A", let jump = words.lastIndex(of: "-j"), jump + 1 < words.count
            else { return nil }
            text = line
            chain = String(words[1])
            target = String(words[jump + 1])
        }

        var deletion: String { "-D" + text.dropFirst(2) }
    }
}

extension NodeNetwork {
    /// Removes the chains of host ports that nobody uses any more. In one transaction, which fails as a whole when
    /// somebody begins to use them meanwhile: then they are theirs to keep.
    func removeHostPortChains() async throws(NetworkError) {
        guard (try? HostPortChains.list.path()) != nil, (try? HostPortChains.change.path()) != nil else { return }
        do throws(ProgramError) {
            let listing = try await HostPortChains.list.run(["-w", "-t", "nat", "-S"])
            let chains = HostPortChains(network: settings.names.cniNetwork)
            guard let removal = chains.removal(from: listing) else { return }
            try await HostPortChains.change.run(["-w", "--noflush"], input: removal)
        } catch {
            if case .failed = error { return }
            throw .program(error)
        }
    }
}
