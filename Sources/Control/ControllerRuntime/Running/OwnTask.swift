/// Runs `body` in a child task. For whoever waits for long between short pieces of work: a task keeps the deepest stack that
/// it ever had until it ends.
package func inOwnTask<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) async -> Result {
    async let result = body()
    return await result
}
