internal import Kinds
internal import ObjectModel

extension DNSZone {
    /// How long an answer may be remembered, in seconds.
    package static let ttl: UInt32 = 30
    /// How long a missing name may be remembered, in seconds: short, since pods come.
    package static let negativeTTL: UInt32 = 1
    /// How many aliases are followed.
    private static let longestChain = 8

    /// The answer to a question inside the cluster's domain or about an address of the cluster; nil for other names, which
    /// belong to the resolvers of the machine. An alias (ExternalName) is followed as far as it stays inside, at most
    /// `longestChain` times, for a question about addresses.
    package func answer(_ question: DNSQuestion) -> DNSAnswer? { answer(question, aliases: 0) }

    private func answer(_ question: DNSQuestion, aliases: Int) -> DNSAnswer? {
        if let address = Self.reversed(question.name) { return pointer(address, question) }
        guard let below = question.name.labels(below: domain) else { return nil }
        guard question.recordClass == 1 || question.recordClass == 255 else { return DNSAnswer(code: .refused) }
        switch resolve(below) {
        case .missing: return DNSAnswer(code: .nameError, authority: [authority])
        case .empty: return DNSAnswer(authority: [authority])
        case .zone: return apex(question)
        case .addresses(let addresses): return self.addresses(addresses, question)
        case .alias(let target): return alias(target, question, aliases + 1)
        case .services(let services): return self.services(services, question)
        }
    }

    enum Resolution {
        case missing
        case empty
        case zone
        case addresses([IPv4Address])
        case alias(DNSName)
        case services([(host: DNSName, address: IPv4Address, port: Int)])
    }

    /// What a name below the domain stands for: `SERVICE.NAMESPACE.svc`, `HOST.SERVICE.NAMESPACE.svc`,
    /// `_PORT._TRANSPORT.SERVICE.NAMESPACE.svc`, `1-2-3-4.NAMESPACE.pod`.
    private func resolve(_ labels: [String]) -> Resolution {
        guard let last = labels.last else { return .zone }
        switch (last, labels.count) {
        case ("svc", 1), ("pod", 1): return .empty
        case ("svc", 2): return namespaces[labels[0]] == nil ? .missing : .empty
        case ("svc", 3): return service(labels[0], labels[1])
        case ("svc", 4): return endpoint(labels[0], labels[1], labels[2])
        case ("svc", 5): return ports(labels)
        case ("pod", 2): return namespaces[labels[0]] == nil ? .missing : .empty
        case ("pod", 3):
            guard let address = Self.dashed(labels[0]), namespaces[labels[1]] != nil else { return .missing }
            return .addresses([address])
        default: return .missing
        }
    }

    private func service(_ name: String, _ namespace: String) -> Resolution {
        guard let entry = entries[NamespacedName(namespace: namespace, name: name)], let service = entry.service else {
            return .missing
        }
        if service.isExternalName { return .alias(DNSName(service.externalName)) }
        if service.isHeadless {
            let addresses = entry.endpoints.map(\.address)
            return addresses.isEmpty ? .empty : .addresses(Array(Set(addresses)).sorted())
        }
        let addresses = service.clusterIPs.compactMap(IPv4Address.init)
        return addresses.isEmpty ? .empty : .addresses(addresses)
    }

    private func endpoint(_ host: String, _ name: String, _ namespace: String) -> Resolution {
        guard let entry = entries[NamespacedName(namespace: namespace, name: name)], let service = entry.service else {
            return .missing
        }
        if host.hasPrefix("_") { return host == "_tcp" || host == "_udp" ? .empty : .missing }
        guard service.isHeadless else { return .missing }
        let addresses = entry.endpoints.filter { $0.host.lowercased() == host }.map(\.address)
        return addresses.isEmpty ? .missing : .addresses(addresses)
    }

    private func ports(_ labels: [String]) -> Resolution {
        guard labels[0].hasPrefix("_"), labels[1].hasPrefix("_"),
            let entry = entries[NamespacedName(namespace: labels[3], name: labels[2])], let service = entry.service
        else { return .missing }
        let (port, transport) = (String(labels[0].dropFirst()), labels[1].dropFirst().uppercased())
        let base = [labels[2], labels[3], "svc"] + domain.labels
        if service.isHeadless {
            let found = entry.endpoints.flatMap { endpoint in
                endpoint.ports.filter { $0.name == port && $0.transport == transport }.map {
                    (host: DNSName(labels: [endpoint.host] + base), address: endpoint.address, port: $0.number)
                }
            }
            return found.isEmpty ? .missing : .services(found)
        }
        guard let address = service.clusterIPs.compactMap(IPv4Address.init).first,
            let match = service.ports.first(where: { $0.name == port && $0.transport == transport })
        else { return .missing }
        return .services([(host: DNSName(labels: base), address: address, port: match.port)])
    }

    private func addresses(_ addresses: [IPv4Address], _ question: DNSQuestion) -> DNSAnswer {
        guard question.type == .a || question.type == .any else { return DNSAnswer(authority: [authority]) }
        return DNSAnswer(
            answers: addresses.map { DNSRecord(name: question.name, ttl: Self.ttl, data: .a($0)) })
    }

    private func alias(_ target: DNSName, _ question: DNSQuestion, _ aliases: Int) -> DNSAnswer {
        let alias = DNSRecord(name: question.name, ttl: Self.ttl, data: .cname(target))
        guard question.type == .a || question.type == .aaaa, aliases < Self.longestChain,
            var answer = answer(DNSQuestion(name: target, type: question.type), aliases: aliases)
        else { return DNSAnswer(answers: [alias]) }
        answer.answers.insert(alias, at: 0)
        return answer
    }

    private func services(
        _ services: [(host: DNSName, address: IPv4Address, port: Int)], _ question: DNSQuestion
    ) -> DNSAnswer {
        guard question.type == .srv || question.type == .any else { return DNSAnswer(authority: [authority]) }
        let weight = UInt16(max(1, 100 / services.count))
        return DNSAnswer(
            answers: services.map {
                DNSRecord(
                    name: question.name, ttl: Self.ttl,
                    data: .srv(priority: 0, weight: weight, port: UInt16(clamping: $0.port), target: $0.host))
            },
            additional: services.map { DNSRecord(name: $0.host, ttl: Self.ttl, data: .a($0.address)) })
    }

    private func apex(_ question: DNSQuestion) -> DNSAnswer {
        question.type == .soa || question.type == .any
            ? DNSAnswer(answers: [authority]) : DNSAnswer(authority: [authority])
    }

    private var authority: DNSRecord {
        DNSRecord(
            name: domain, ttl: Self.negativeTTL,
            data: .soa(
                server: DNSName(labels: ["ns", "dns"] + domain.labels),
                mailbox: DNSName(labels: ["hostmaster"] + domain.labels), serial: serial, minimum: Self.negativeTTL))
    }

    private func pointer(_ address: IPv4Address, _ question: DNSQuestion) -> DNSAnswer? {
        guard let names = owners[address] else { return nil }
        guard question.type == .ptr || question.type == .any else { return DNSAnswer(authority: [authority]) }
        let targets = names.sorted().flatMap { self.names(of: address, in: $0) }
        return DNSAnswer(
            answers: targets.map { DNSRecord(name: question.name, ttl: Self.ttl, data: .ptr($0)) },
            authority: targets.isEmpty ? [authority] : [])
    }

    private func names(of address: IPv4Address, in name: NamespacedName) -> [DNSName] {
        guard let entry = entries[name], let service = entry.service else { return [] }
        let base = [name.name, name.namespace, "svc"] + domain.labels
        if service.clusterIPs.contains(address.description) { return [DNSName(labels: base)] }
        guard service.isHeadless else { return [] }
        return entry.endpoints.filter { $0.address == address }.map { DNSName(labels: [$0.host] + base) }
    }

    /// The address that `4.3.2.1.in-addr.arpa` asks about.
    private static func reversed(_ name: DNSName) -> IPv4Address? {
        guard let labels = name.labels(below: DNSName("in-addr.arpa")), labels.count == 4 else { return nil }
        return IPv4Address(labels.reversed().joined(separator: "."))
    }

    private static func dashed(_ label: String) -> IPv4Address? {
        IPv4Address(label.split(separator: "-", omittingEmptySubsequences: false).joined(separator: "."))
    }
}
