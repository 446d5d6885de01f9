using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Placement;
using Microsoft.Extensions.Logging;
using Orleans;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>What happens if keys and values cannot be moved.</summary>
public sealed class KvMigratorTests
{
    private const string Model = "m";

    [Fact]
    public async Task The_log_has_the_exception_with_its_stack()
    {
        Lines lines = new();
        IGrainFactory grains = FakeGrains.Create(static (_, _) => throw new InvalidOperationException("The copy is wrong."));
        HunyuanSiloOptions options = new() { Capacity = new SiloCapacity { Name = "a", MemoryBytes = 1, MemoryBandwidth = 1 } };
        KvMigrator migrator = new(grains, options, 1024, Model, lines, TimeProvider.System);
        int? moved = await migrator.MoveAsync(1, RouteOn("a", grains, 1), RouteOn("b", grains, 2), 1, new SessionTables(), new OneBlock(), CancellationToken.None);
        Assert.Null(moved);
        (EventId id, string message, Exception? fault) = Assert.Single(lines.Written);
        Assert.Equal((211, "Keys and values of model m could not be moved from route 1 to route 2."), (id.Id, message));
        Assert.Contains("The copy is wrong.", fault!.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(KvMigrator), fault.StackTrace, StringComparison.Ordinal);
    }

    private static Route RouteOn(string silo, IGrainFactory grains, long version)
    {
        PinnedKey key = PinnedKey.Of(Model, new LayerRange(0, 0), silo);
        return new Route(version, null!, [new RouteStage(key, grains.GetGrain<IAttentionShardGrain>(key.ToString())) { Incarnations = [version] }], []);
    }

    private sealed class OneBlock : IKvBlockUsage
    {
        public int BlockCount => 1;

        public bool IsLive(int block) => true;
    }

    private sealed class Lines : ILogger
    {
        public List<(EventId Id, string Message, Exception? Fault)> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add((eventId, formatter(state, exception), exception));
    }
}
