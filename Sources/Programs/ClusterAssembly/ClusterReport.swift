internal import APIProtocol
internal import HTTPCalling
internal import Kinds
internal import Logging
internal import ObjectModel

/// What `ordinal status` says.
package struct ClusterReport: Sendable {
    /// The lines for the terminal.
    package let lines: [String]
    /// Whether the API answers and says that it is ready.
    package let isReady: Bool

    /// Asks the cluster of a data directory. Never throws: what is wrong is what it says.
    package static func read(dataDirectory: String) async -> ClusterReport {
        let directory = DataDirectory(dataDirectory)
        if let denial = directory.denial { return ClusterReport(lines: [denial.description], isReady: false) }
        guard let instance = Instance.read(directory) else {
            return ClusterReport(lines: ["No cluster was started on \(dataDirectory) yet: ordinal up"], isReady: false)
        }
        guard directory.isInUse else {
            return ClusterReport(
                lines: [
                    "Ordinal does not run on \(dataDirectory). Pods, if any, go on without it.",
                    "Start it again: ordinal up --data-dir \(dataDirectory)",
                ], isReady: false)
        }
        guard let text = DataDirectory.read(instance.kubeconfig),
            let kubeconfig = try? Kubeconfig(parsing: Array(text.utf8)),
            let transport = try? HTTPSTransport(server: kubeconfig.server, identity: kubeconfig.identity)
        else {
            return ClusterReport(lines: ["\(instance.kubeconfig) cannot be read."], isReady: false)
        }
        let report = await ask(APIClient(transport, userAgent: "ordinal-cli/\(Release.version)"), instance)
        await transport.shutdown()
        return report
    }

    private static func ask(_ client: APIClient, _ instance: Instance) async -> ClusterReport {
        var lines = ["Ordinal \(Release.version) runs: \(instance.server) (process \(instance.pid))"]
        do throws(APIError) {
            let health = try await client.raw(.get, "/readyz")
            guard health.code == 200 else {
                return ClusterReport(lines: lines + ["The API is not ready yet."], isReady: false)
            }
            let nodes = try await client.list(.nodes).items.map { NodeView($0) }
            let pods = try await client.list(.pods).items.map { PodView($0) }
            let sets = try await client.list(.statefulSets).items.map { StatefulSetView($0) }
            if instance.runtime == ClusterConfiguration.RuntimeChoice.simulated.rawValue {
                lines.append("SIMULATED: nothing runs; pods pretend to.")
            }
            lines.append("KUBECONFIG=\(instance.kubeconfig)")
            lines.append("nodes:        \(nodes.filter(\.isReady).count) of \(nodes.count) Ready")
            lines.append("pods:         \(pods.filter(\.isReady).count) of \(pods.count) Ready")
            for set in sets {
                lines.append(
                    "statefulset:  \(set.metadata.namespace)/\(set.metadata.name) \(set.status.readyReplicas)/\(set.replicas)"
                )
            }
            return ClusterReport(lines: lines, isReady: true)
        } catch {
            return ClusterReport(lines: lines + ["The API does not answer: \(error)"], isReady: false)
        }
    }
}
