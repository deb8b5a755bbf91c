package import APIProtocol
package import ObjectModel

/// What must be seen in a cache before the key that wrote is looked at again.
package struct Expectation: Sendable, Hashable {
    /// How it is met.
    package enum Condition: Sendable, Hashable {
        /// The cache has reached the revision of the write.
        case revision(Revision)
        /// The cache has seen that the object is (being) deleted.
        case deletion(NamespacedName, uid: String)
        /// The outcome is not known: a list begun after the write.
        case freshList
    }

    /// The resource that was written.
    package let resource: APIResource
    /// How it is met.
    package let condition: Condition

    /// An expectation.
    package init(_ resource: APIResource, _ condition: Condition) {
        self.resource = resource
        self.condition = condition
    }
}

/// How a plan went.
package struct PlanOutcome: Sendable {
    /// What to wait for before the key is looked at again.
    package var expectations: [Expectation] = []
    /// Why it ended early; nil when every step was done.
    package var failure: String?
    /// Whether the failure is one of timing (a conflict), not worth telling people about.
    package var isConflict = false
    /// Whether trying again soon is of no use (the namespace is going away).
    package var isFinal = false
    /// What is still to be written because of the failure.
    var aftermath: Action?

    /// A plan that went well.
    package init() {}
}

/// Does what a plan says through the API.
package struct PlanExecutor: Sendable {
    private let client: APIClient
    private let record: @Sendable (EventNote) -> Void
    private static let largestBatch = 16

    /// An executor that writes with `client` and tells through `record`.
    package init(client: APIClient, record: @escaping @Sendable (EventNote) -> Void) {
        self.client = client
        self.record = record
    }

    /// Does the steps in order until one fails.
    package func execute(_ plan: Plan) async -> PlanOutcome {
        var outcome = PlanOutcome()
        for step in plan.steps {
            switch step {
            case .one(let planned): await perform(planned, into: &outcome)
            case .together(let planned, let first): await performTogether(planned, first: first, into: &outcome)
            }
            if outcome.failure != nil { break }
        }
        if let aftermath = outcome.aftermath {
            var report = PlanOutcome()
            await perform(PlannedAction(aftermath), into: &report)
            // The failure that it tells of stays the outcome.
            outcome.expectations += report.expectations
        }
        return outcome
    }

    private func performTogether(_ planned: [PlannedAction], first: Int, into outcome: inout PlanOutcome) async {
        var start = 0
        var size = max(1, min(first, Self.largestBatch))
        while start < planned.count, outcome.failure == nil {
            let batch = planned[start..<min(start + size, planned.count)]
            let results = await withTaskGroup(of: PlanOutcome.self) { group in
                for action in batch {
                    group.addTask {
                        var outcome = PlanOutcome()
                        await perform(action, into: &outcome)
                        return outcome
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            for result in results {
                outcome.expectations += result.expectations
                guard result.failure != nil else { continue }
                outcome.failure = result.failure
                outcome.isConflict = result.isConflict
                outcome.isFinal = result.isFinal
                outcome.aftermath = outcome.aftermath ?? result.aftermath
            }
            start += batch.count
            size = min(size * 2, Self.largestBatch)
        }
    }

    private func perform(_ planned: PlannedAction, into outcome: inout PlanOutcome) async {
        do {
            let givenName = try await perform(planned.action, into: &outcome)
            guard var note = planned.onSuccess else { return }
            note.message += givenName
            record(note)
        } catch {
            note(error, into: &outcome)
            let failure = outcome.failure ?? ""
            if outcome.isConflict { return }
            if !outcome.isFinal { outcome.aftermath = planned.afterFailure?(failure) }
            guard var note = planned.onFailure else { return }
            note.message += failure
            record(note)
        }
    }

    /// Answers with the name that the server made for a new object; empty otherwise.
    @discardableResult
    private func perform(_ action: Action, into outcome: inout PlanOutcome) async throws -> String {
        switch action {
        case .create(let resource, let object, let acceptsExisting):
            let create = { () async throws(APIError) in try await client.create(resource, object) }
            let created = try await write(
                resource, into: &outcome, isDone: { acceptsExisting && $0.alreadyExists }, call: create)
            return object.name.isEmpty ? created?.name ?? "" : ""
        case .patch(let patch):
            if let presence = patch.whileLive, try await !isLive(presence) { break }
            let send = { () async throws(APIError) in
                try await client.patch(
                    patch.resource, namespace: patch.key.namespace, name: patch.key.name, type: patch.type, patch.body,
                    subresource: patch.subresource)
            }
            try await write(
                patch.resource, into: &outcome, isDone: { patch.acceptsMissing && $0.isNotFound }, call: send)
        case .post(let resource, let key, let subresource, let body):
            let post = { () async throws(APIError) in
                try await client.create(
                    resource, namespace: key.namespace, name: key.name, subresource: subresource, body)
            }
            try await write(resource, into: &outcome, isDone: { _ in false }, call: post)
        case .delete(let deletion):
            try await delete(deletion, into: &outcome)
        case .event(let note):
            record(note)
        case .effect(let effect):
            for action in try await effect.run(client) { try await perform(action, into: &outcome) }
        }
        return ""
    }

    private func isLive(_ presence: Action.Presence) async throws(APIError) -> Bool {
        do throws(APIError) {
            let live = try await client.get(
                presence.resource, namespace: presence.key.namespace, name: presence.key.name)
            return live.uid == presence.uid && !live.isBeingDeleted
        } catch {
            if error.isNotFound { return false }
            throw error
        }
    }

    @discardableResult
    private func write(
        _ resource: APIResource, into outcome: inout PlanOutcome, isDone: (APIError) -> Bool,
        call: () async throws(APIError) -> Value
    ) async throws -> Value? {
        do throws(APIError) {
            let object = try await call()
            if let revision = object.revision {
                outcome.expectations.append(Expectation(resource, .revision(revision)))
            }
            return object
        } catch {
            if isDone(error) { return nil }
            if error.mayHaveHappened { outcome.expectations.append(Expectation(resource, .freshList)) }
            throw error
        }
    }

    private func delete(_ deletion: Action.Deletion, into outcome: inout PlanOutcome) async throws {
        let options = DeleteOptions(
            gracePeriodSeconds: deletion.gracePeriodSeconds, uid: deletion.uid.isEmpty ? nil : deletion.uid,
            resourceVersion: deletion.revision?.description, propagationPolicy: deletion.propagationPolicy)
        do throws(APIError) {
            try await client.delete(
                deletion.resource, namespace: deletion.key.namespace, name: deletion.key.name, options: options)
        } catch {
            var isDone = error.isNotFound
            if error.isConflict, deletion.revision == nil { isDone = await isGone(deletion) }
            if !isDone {
                if error.mayHaveHappened {
                    outcome.expectations.append(Expectation(deletion.resource, .freshList))
                }
                throw error
            }
        }
        outcome.expectations.append(Expectation(deletion.resource, .deletion(deletion.key, uid: deletion.uid)))
    }

    /// Whether the object is gone or another one: a conflict can also mean that others wrote it all the time.
    private func isGone(_ deletion: Action.Deletion) async -> Bool {
        do throws(APIError) {
            let object = try await client.get(
                deletion.resource, namespace: deletion.key.namespace, name: deletion.key.name)
            return object.uid != deletion.uid
        } catch {
            return error.isNotFound
        }
    }

    private func note(_ error: any Error, into outcome: inout PlanOutcome) {
        guard let error = error as? APIError else {
            outcome.failure = "\(error)"
            return
        }
        outcome.failure = error.text
        outcome.isConflict = error.isConflict
        outcome.isFinal = error.namespaceIsTerminating
    }
}

extension APIError {
    /// For people.
    package var text: String {
        switch self {
        case .status(let status): status.message
        case .transport(.unreachable(let reason)), .transport(.lostReply(let reason)): reason
        case .transport(.cancelled): "cancelled"
        }
    }

    /// Whether the write may have been done although no answer says so.
    var mayHaveHappened: Bool {
        switch self {
        case .transport(.unreachable): false
        case .transport: true
        case .status(let status): status.code == 504 || status.code >= 500 && status.reason == .timeout
        }
    }

    /// Whether the namespace takes no new objects because it is being deleted.
    var namespaceIsTerminating: Bool {
        guard case .status(let status) = self, status.code == 403 else { return false }
        return status.details?.causes.contains { $0.reason == "NamespaceTerminating" } ?? false
    }
}
