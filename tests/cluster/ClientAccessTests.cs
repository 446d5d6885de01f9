using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Access;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>What clients of a gateway may call, and how a silo tells about what it refused. Hostile clients are with the silo processes.</summary>
public sealed class ClientAccessTests
{
    [Fact]
    public void These_methods_are_for_clients() => Assert.Equal(
        [
            "IModelGrain.DescribeAsync", "IModelGrain.ReportAsync", "IRequestGrain.RunAsync",
            "ISiloGrain.DescribeAsync", "ISiloGrain.MeasureCallAsync", "ISiloGrain.ReportAsync",
            "ITextGrain.DescribeAsync", "ITextGrain.EncodeAsync", "ITextGrain.EncodeChatAsync",
        ],
        GrainMethods.All.Where(static method => method.IsDefined(typeof(ClientCallableAttribute), inherit: false))
            .Select(static method => $"{method.DeclaringType!.Name}.{method.Name}")
            .Order(StringComparer.Ordinal));

    [Fact]
    public void A_refused_call_is_logged_once_a_minute()
    {
        FakeTimeProvider time = new();
        Lines lines = new();
        RefusalLog log = new(lines, time);
        for (int second = 0; second < 61; second++)
        {
            log.CallRefused("ISiloGrain.RetainAsync", null);
            log.CallRefused("ISiloGrain.EchoAsync", null);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(4, lines.Warnings.Count);
        Assert.Equal(2, lines.Warnings.Count(static line => line.StartsWith("A call of ISiloGrain.RetainAsync by the client", StringComparison.Ordinal)));
    }

    private sealed class Lines : ILogger<RefusalLog>
    {
        public List<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Assert.Equal(LogLevel.Warning, logLevel);
            Warnings.Add(formatter(state, exception));
        }
    }
}
