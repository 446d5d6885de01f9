using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Simulation;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans;
using Orleans.Runtime;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Loading;

/// <summary>How long a stopping silo waits for others to load its share.</summary>
public sealed class ShareHandoverTests : IDisposable
{
    private static readonly HunyuanSiloOptions Options = new()
    {
        Capacity = new SiloCapacity { Name = "a", MemoryBytes = 1L << 32, MemoryBandwidth = 50e9 },
        LeaveGrace = TimeSpan.FromSeconds(30),
        LeaveLimit = TimeSpan.FromSeconds(240),
    };

    private readonly TempFolder _folder = TempFolder.CopyOf(TestPaths.Model("tiny-cla"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, 30, false)]
    [InlineData(50, 130, false)]
    [InlineData(100, 230, false)]
    [InlineData(200, 240, false)]
    [InlineData(241, 240, true)]
    public void A_silo_waits_longer_the_longer_its_share_takes_to_load(int loading, int wait, bool isTooShort)
    {
        HandoverTime time = HandoverTime.Of(TimeSpan.FromSeconds(loading), Options);
        Assert.Equal((TimeSpan.FromSeconds(wait), isTooShort), (time.Wait, time.IsTooShort));
    }

    [Fact]
    public void A_silo_that_measured_no_speed_waits_as_long_as_it_may()
    {
        HandoverTime time = HandoverTime.Of(null, Options);
        Assert.Equal((Options.LeaveLimit, false), (time.Wait, time.IsTooShort));
    }

    [Fact]
    public void The_time_follows_from_the_bytes_of_the_share_and_the_measured_speed()
    {
        FakeTimeProvider time = new();
        LoadMeter meter = new(time);
        Assert.Null(meter.TimeFor(100));
        meter.Begin();
        time.Advance(TimeSpan.FromSeconds(4));
        meter.End(200);
        Assert.Equal(TimeSpan.FromSeconds(2), meter.TimeFor(100));
        Assert.Equal(TimeSpan.FromSeconds(20), meter.TimeFor(1000));
    }

    [Fact]
    public async Task A_silo_whose_grace_is_too_short_logs_the_seconds_that_it_needs_and_goes()
    {
        Lines lines = new();
        HunyuanSiloOptions options = Options with
        {
            LeaveLimit = TimeSpan.FromTicks(1),
            Models =
            [
                new ModelSettings
                {
                    Name = "m",
                    Directory = _folder.Root,
                    Options = new ModelOptions { KvTokens = 128 },
                    Simulation = new SimulationOptions { Hardware = new SimulatedHardware(1L << 40, 1e12, 1e15, 1e15, 1e15, 1e15) },
                },
            ],
        };
        using ModelHosts hosts = new(options, NullLoggerFactory.Instance, TimeProvider.System);
        await hosts.Get("m").HoldAsync("a", 1, 1, [ModelPiece.Attention(0)], Wait.Limit);
        using SiloLifetime lifetime = new();
        using Application application = new();
        using ShareHandover handover = new(
            options, hosts, lifetime, FakeGrains.Create(static (_, _) => new TaskCompletionSource<bool?>().Task), new Silo(), application, TimeProvider.System, lines);
        Lifecycle lifecycle = new();
        handover.Participate(lifecycle);
        await lifecycle.Observer.OnStart(CancellationToken.None);
        await lifecycle.Observer.OnStop(CancellationToken.None).WaitAsync(Wait.Limit);
        Assert.True(lifetime.Leaving);
        Assert.Equal([302, 301], lines.Written.Select(static line => line.Id));
        Assert.Equal(
            "Silo a may wait 0 seconds for others to load its part of model m, which takes about 1 seconds. Its shutdown grace is too short.", lines.Written[0].Message);
    }

    private sealed class Lifecycle : ISiloLifecycle
    {
        public ILifecycleObserver Observer { get; private set; } = null!;

        public int HighestCompletedStage => 0;

        public int LowestStoppedStage => 0;

        public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
        {
            Observer = observer;
            return new CancellationTokenSource();
        }
    }

    private sealed class Silo : ILocalSiloDetails
    {
        public string Name => "a";

        public string ClusterId => "c";

        public string DnsHostName => "localhost";

        public SiloAddress SiloAddress => SiloAddress.Zero;

        public SiloAddress GatewayAddress => SiloAddress.Zero;
    }

    private sealed class Application : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopping.Cancel();

        public void Dispose() => _stopping.Dispose();
    }

    private sealed class Lines : ILogger<ShareHandover>
    {
        public List<(int Id, string Message)> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add((eventId.Id, formatter(state, exception)));
    }
}
