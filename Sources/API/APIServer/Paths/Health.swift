internal import APIProtocol
internal import ObjectStorage

/// One sub-check of `/livez` or `/readyz`.
package struct HealthCheck: Sendable {
    /// Its name, such as `etcd` or `informer-sync`.
    package let name: String
    /// Nil when it is well, else why not.
    package let failure: @Sendable () async -> String?

    /// A check.
    package init(_ name: String, failure: @escaping @Sendable () async -> String?) {
        self.name = name
        self.failure = failure
    }
}

extension APIServer {
    /// `/healthz`, `/livez`, `/readyz` and one check of them (`/readyz/NAME`); `?verbose` lists, `?exclude=` leaves out.
    func health(_ parts: [String], _ request: APIRequest) async -> APIResponse {
        let checks = healthChecks(of: parts[0])
        if parts.count > 1 {
            guard parts.count == 2, let check = checks.first(where: { $0.name == parts[1] }) else {
                return Self.pageNotFound
            }
            let failure = await check.failure()
            return failure.map { .text("internal server error: \($0)\n", code: 500) } ?? .text("ok")
        }
        let excluded = request.queryValues("exclude")
        var lines: [String] = []
        var failed = false
        for check in checks {
            if excluded.contains(check.name) {
                lines.append("[+]\(check.name) excluded: ok")
            } else if await check.failure() != nil {
                failed = true
                lines.append("[-]\(check.name) failed: reason withheld")
            } else {
                lines.append("[+]\(check.name) ok")
            }
        }
        let report = lines.joined(separator: "\n") + "\n\(parts[0]) check "
        if failed { return .text(report + "failed\n", code: 500) }
        return request.query("verbose") == nil ? .text("ok") : .text(report + "passed\n")
    }

    /// Whether a path is an endpoint of health checks, or one check of it that exists.
    func isKnownHealthCheck(_ path: String) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        guard Self.isHealthCheck(path), let endpoint = parts.first, parts.count <= 2 else { return false }
        return parts.count == 1 || healthChecks(of: endpoint).contains { $0.name == parts[1] }
    }

    private func healthChecks(of endpoint: String) -> [HealthCheck] {
        let store = store
        let own = [
            HealthCheck("ping") { nil },
            // Upstream's name for the store, which probes and dashboards know.
            HealthCheck("etcd") {
                do throws(StoreError) {
                    _ = try await store.currentRevision()
                    return nil
                } catch {
                    return "\(error)"
                }
            },
        ]
        return endpoint == "readyz" ? own + parts.readiness : own
    }
}
