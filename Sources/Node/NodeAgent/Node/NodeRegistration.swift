package import APIProtocol
package import ControllerRuntime
internal import Kinds
package import Logging
internal import ObjectModel

/// Makes a node known to the API and keeps it alive there, until its task is cancelled. A Node that somebody deletes is
/// registered anew.
package final class NodeRegistration: ControlLoop {
    package let name = "node-registration"
    private let client: APIClient
    private let description: NodeDescription
    private let facts: NodeFacts
    private let health: @Sendable () async -> NodeHealth
    private let clock: ControlClock
    private let logger: Logger
    private let signal = Signal()

    /// A registration. `health` is asked before each message and when `healthChanged` was called.
    package init(
        client: APIClient, description: NodeDescription, facts: NodeFacts,
        health: @escaping @Sendable () async -> NodeHealth = { NodeHealth() }, clock: ControlClock = .system,
        logger: Logger
    ) {
        self.client = client
        self.description = description
        self.facts = facts
        self.health = health
        self.clock = clock
        self.logger = logger
    }

    /// The node's health may have changed: it is asked for now.
    package func healthChanged() { signal.give() }

    package func run() async {
        var beat = NodeHeartbeat()
        var nodeUID = ""
        while !Task.isCancelled {
            let health = await health()
            for message in beat.due(at: clock.uptime(), health: health) {
                do throws(APIError) {
                    switch message {
                    case .register: nodeUID = try await register(health)
                    case .lease: try await renewLease(nodeUID: nodeUID)
                    case .status: try await sendStatus(health)
                    }
                    beat.succeeded(message, at: clock.uptime(), health: health)
                } catch {
                    note(error, of: message, in: &beat)
                }
            }
            let wait = max(beat.nextDue - clock.uptime(), .zero)
            await signal.wait(atMost: wait, sleep: clock.sleep)
        }
    }

    private func note(_ error: APIError, of message: NodeHeartbeat.Message, in beat: inout NodeHeartbeat) {
        if Task.isCancelled { return }
        beat.failed(message, at: clock.uptime(), random: clock.random())
        if message == .status, error.isNotFound { beat.nodeIsGone(at: clock.uptime()) }
        logger.warning(
            "node message failed",
            metadata: ["node": "\(description.name)", "message": "\(message)", "error": "\(error)"])
    }

    /// Creates the Node, or updates the one that is there; returns its uid.
    private func register(_ health: NodeHealth) async throws(APIError) -> String {
        do throws(APIError) {
            let node = try await client.create(
                .nodes, NodeObject.node(description, facts, health, at: clock.now()))
            return node.uid
        } catch  where error.alreadyExists {
            return try await sendStatus(health)
        }
    }

    /// Sends labels, taints and status of a Node that is there; returns its uid.
    @discardableResult
    private func sendStatus(_ health: NodeHealth) async throws(APIError) -> String {
        let node = try await client.get(.nodes, name: description.name)
        let status = NodeObject.status(
            description, facts, health, former: node["status"] ?? .null, at: clock.now())
        // Strategic, so that conditions of others stay. The status goes first: a node is ready before its taint goes.
        let patched = try await client.patch(
            .nodes, name: description.name, type: .strategic, ["status": status], subresource: "status")
        if let update = NodeObject.update(of: patched, description, facts, health) {
            _ = try await client.patch(.nodes, name: description.name, update)
        }
        return node.uid
    }

    private func renewLease(nodeUID: String) async throws(APIError) {
        do throws(APIError) {
            _ = try await client.patch(
                .leases, namespace: NodeLease.namespace, name: description.name,
                NodeLease.renewal(node: description.name, at: clock.now()))
        } catch  where error.isNotFound {
            _ = try await client.create(
                .leases, NodeLease.lease(node: description.name, nodeUID: nodeUID, at: clock.now()))
        }
    }
}
