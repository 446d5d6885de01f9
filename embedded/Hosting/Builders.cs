using Microsoft.Extensions.Configuration;

namespace Orleans.Hosting;

/// <summary>What a silo is made of, while it is put together.</summary>
public interface ISiloBuilder
{
    /// <summary>The silo's services. Hosted services among them run while the silo is active.</summary>
    IServiceCollection Services { get; }

    /// <summary>The silo's configuration; empty here.</summary>
    IConfiguration Configuration { get; }
}

/// <summary>What a client is made of, while it is put together.</summary>
public interface IClientBuilder
{
    /// <summary>The client's services.</summary>
    IServiceCollection Services { get; }

    /// <summary>The client's configuration; empty here.</summary>
    IConfiguration Configuration { get; }
}

internal sealed class Builder : ISiloBuilder, IClientBuilder
{
    public IServiceCollection Services { get; } = new ServiceCollection();

    public IConfiguration Configuration { get; } = new EmptyConfiguration();
}
