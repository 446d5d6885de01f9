using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Silo.Hosting;
using HunyuanOrleans.Silo.Settings;
using HunyuanOrleans.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Serialization;
using StackExchange.Redis;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Exceptions of the membership's database arrive at other silos, and calls that failed with them are made again.</summary>
public sealed class DatabaseFaultTests
{
    public static TheoryData<Exception> Faults => new()
    {
        new NpgsqlException("The database is gone."),
        new RedisConnectionException(ConnectionFailureType.UnableToConnect, "The database is gone."),
    };

    [Theory]
    [MemberData(nameof(Faults), DisableDiscoveryEnumeration = true)]
    public void They_cross_from_silo_to_silo(Exception fault)
    {
        using WebApplication silo = SiloHost.Build(SiloCommandLine.Parse(["--model", TestPaths.DemoModel, "--memory", "1GB"]));
        Serializer serializer = silo.Services.GetRequiredService<Serializer>();
        Exception? received = serializer.Deserialize<Exception>(serializer.SerializeToArray(fault));
        Assert.NotNull(received);
        Assert.Equal(fault.Message, received.Message);
        Assert.True(TransientErrors.IsTransient(received));
        Assert.True(TransientErrors.IsTransient(fault));
        Assert.False(TransientErrors.IsTransient(new InvalidDataException(fault.Message)));
    }
}
