import APIProtocol
import ObjectModel
import Simulation
import Testing

/// Bugs put in on purpose: an invariant that cannot find its own bug is worth nothing.
@Suite struct MutationTests {
    private static let seeds: ClosedRange<UInt64> = 1...12

    static let mutations: [Mutation] = [
        takesEveryPodForReady, countsOneMore, deletesClaims, forgetsDeletions, ignoresPartition,
        takesAwayMore, forgetsReadiness, ownsClaims, waitsForNobody, startsTwice, leavesClaims, losesEvents,
        sharesClaims, ignoresTheHolder,
    ]

    /// All but two: that processes end the loop itself sees to, and what never rests would run it out of its steps.
    @Test func everyInvariantHasItsBug() {
        #expect(
            Set(Self.mutations.map(\.breaks)) == Set(Invariant.allCases).subtracting([.processesEnd, .restIsQuiet]))
    }

    @Test(arguments: mutations.map(\.name))
    func theInvariantFindsItsBug(_ name: String) throws {
        let mutation = try #require(Self.mutations.first { $0.name == name })
        for seed in Self.seeds {
            let report = try Simulation(seed: seed, mutation: mutation).run()
            if report.violations.contains(where: { $0.invariant == mutation.breaks }) { return }
        }
        Issue.record("no seed of \(Self.seeds) found that \(name)")
    }

    private static var takesEveryPodForReady: Mutation {
        var bug = Mutation("every pod is taken for ready", breaks: .orderedCreation)
        bug.read = { plural, object in
            guard plural == "pods" else { return }
            object["status", "phase"] = "Running"
            object["status", "conditions"] = [
                ["type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"]
            ]
        }
        return bug
    }

    private static var countsOneMore: Mutation {
        var bug = Mutation("the status counts one more", breaks: .statusIsNotAhead)
        bug.request = { request in
            guard request.method == .patch, request.path.contains("/statefulsets/"),
                request.path.hasSuffix("/status"), var body = try? JSON.parse(request.body)
            else { return request }
            body["status", "replicas"] = .integer(Int64((body["status", "replicas"]?.int ?? 0) + 1))
            var changed = request
            changed.body = JSON.write(body)
            return changed
        }
        return bug
    }

    private static var deletesClaims: Mutation {
        var bug = Mutation("claims are deleted instead of bound", breaks: .claimsAreKept)
        bug.request = { request in
            guard request.method == .patch, request.path.contains("/persistentvolumeclaims/") else { return request }
            return APIRequest(
                .delete, request.path.replacing("/status", with: ""), headers: request.headers,
                credentials: request.credentials)
        }
        return bug
    }

    private static var forgetsDeletions: Mutation {
        var bug = Mutation("deletions of pods are forgotten", breaks: .goalIsReached)
        bug.request = { request in
            request.method == .delete && request.path.contains("/pods/") ? nil : request
        }
        return bug
    }

    private static var takesAwayMore: Mutation {
        var bug = Mutation("maxUnavailable is taken for five", breaks: .maxUnavailable)
        bug.read = { plural, object in
            guard plural == "statefulsets", object["spec", "updateStrategy", "rollingUpdate"] != nil else { return }
            object["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"] = .integer(5)
        }
        return bug
    }

    private static var forgetsReadiness: Mutation {
        var bug = Mutation("it is forgotten who was ready", breaks: .recoverySparesReadyPods)
        bug.read = { plural, object in
            if plural == "pods" { object["metadata", "annotations"] = nil }
        }
        return bug
    }

    private static var ownsClaims: Mutation {
        var bug = Mutation("every claim is taken to go with its set", breaks: .claimsAreKept)
        bug.read = { plural, object in
            guard plural == "statefulsets" else { return }
            object["spec", "persistentVolumeClaimRetentionPolicy"] = ["whenDeleted": "Delete", "whenScaled": "Delete"]
        }
        return bug
    }

    private static var waitsForNobody: Mutation {
        var bug = Mutation("every set is taken for Parallel", breaks: .orderedScaleDown)
        bug.read = { plural, object in
            if plural == "statefulsets" { object["spec", "podManagementPolicy"] = "Parallel" }
        }
        return bug
    }

    private static func lettingNamesGo(_ name: String, breaks invariant: Invariant) -> Mutation {
        var bug = Mutation(name, breaks: invariant)
        bug.request = { request in
            guard request.method == .delete, request.path.contains("/pods/"),
                var body = try? JSON.parse(request.body)
            else { return request }
            body["gracePeriodSeconds"] = 0
            var changed = request
            changed.body = JSON.write(body)
            return changed
        }
        return bug
    }

    private static var startsTwice: Mutation {
        lettingNamesGo("pods are forced out of the API", breaks: .oneLivePodPerIdentity)
    }

    private static var sharesClaims: Mutation {
        var bug = lettingNamesGo("claims go to another node before their pod has ended", breaks: .oneNodePerClaim)
        bug.read = { plural, object in
            if plural == "persistentvolumes" { object["spec", "nodeAffinity"] = nil }
        }
        return bug
    }

    private static var leavesClaims: Mutation {
        var bug = Mutation("claims of what is gone are left", breaks: .noOrphans)
        bug.request = { request in
            request.method == .delete && request.path.contains("/persistentvolumeclaims/") ? nil : request
        }
        return bug
    }

    private static var ignoresTheHolder: Mutation {
        var bug = Mutation("the lease is taken while another holds it", breaks: .oneLeader)
        bug.read = { plural, object in
            if plural == "leases" { object["spec", "holderIdentity"] = "" }
        }
        return bug
    }

    private static var losesEvents: Mutation {
        var bug = Mutation("the server loses events", breaks: .watchesAreFaithful)
        bug.loses = { piece in piece.count % 31 == 0 }
        return bug
    }

    private static var ignoresPartition: Mutation {
        var bug = Mutation("the partition is ignored", breaks: .orderedUpdate)
        bug.read = { plural, object in
            guard plural == "statefulsets", object["spec", "updateStrategy", "rollingUpdate"] != nil else { return }
            object["spec", "updateStrategy", "rollingUpdate", "partition"] = .integer(0)
        }
        return bug
    }
}
