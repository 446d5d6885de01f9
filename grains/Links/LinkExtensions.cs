using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace HunyuanOrleans.Grains.Links;

/// <summary>Adds simulated links to a silo.</summary>
internal static class LinkExtensions
{
    /// <summary>Slows the connections between this silo and others. TLS that is added before encrypts what the link delivers.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="speed">The speed in the time of the machine's clock.</param>
    public static ISiloBuilder UseLink(this ISiloBuilder silo, LinkSpeed speed)
    {
        silo.Services.AddSingleton(services => new LinkMiddleware(
            speed, services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint, services.GetRequiredService<ILogger<LinkMiddleware>>()));
        return silo.Configure<SiloConnectionOptions>(static options =>
        {
            options.ConfigureSiloOutboundConnection(static builder => builder.Use(next =>
            {
                LinkMiddleware link = builder.ApplicationServices.GetRequiredService<LinkMiddleware>();
                return connection => link.RunOutboundAsync(connection, next);
            }));
            options.ConfigureSiloInboundConnection(static builder => builder.Use(next =>
            {
                LinkMiddleware link = builder.ApplicationServices.GetRequiredService<LinkMiddleware>();
                return connection => link.RunInboundAsync(connection, next);
            }));
        });
    }
}
