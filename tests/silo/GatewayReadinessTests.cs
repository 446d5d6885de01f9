using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Silo.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

public sealed class GatewayReadinessTests
{
    private static readonly LoadingProgress Short = new(20_000_000_000, 5_000_000_000, 12.5), Long = new(20_000_000_000, 19_000_000_000, 200);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_gateway_is_ready_from_the_first_usable_route_on()
    {
        GatewayReadiness readiness = new(_time);
        ModelReadiness loading = readiness.Update(Card("The model is not loaded yet.", Short));
        Assert.Equal("The model is not loaded yet. 15.0 of 20.0 GB of its weights are loaded; about 13 seconds are left.", loading.Message);
        Assert.Equal(12.5, loading.RetryAfter.TotalSeconds);
        Assert.Null(readiness.Update(Card(null, null)).Problem);
    }

    [Fact]
    public void A_gateway_waits_for_a_new_route_unless_that_takes_long()
    {
        GatewayReadiness readiness = new(_time);
        readiness.Update(Card(null, null));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(readiness.Update(Card("Lost.", null)).Problem);
        Assert.Null(readiness.Update(Card("Lost.", Short)).Problem);
        Assert.Null(readiness.Update(null).Problem);
        ModelReadiness late = readiness.Update(Card("Lost.", Long));
        Assert.Equal(("Lost.", 120), (late.Problem, late.RetryAfter.TotalSeconds));
        _time.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal("Lost.", readiness.Update(Card("Lost.", null)).Message);
        Assert.Equal("The model's scheduler does not answer.", readiness.Update(null).Message);
    }

    private static ModelCard Card(string? problem, LoadingProgress? loading) => new("m", 1, 1, [], 1, false, problem) { Loading = loading };
}
