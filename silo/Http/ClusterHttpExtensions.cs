using HunyuanOrleans.Server.Cluster;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Silo.Http;

/// <summary>Adds the HTTP API and the chat page to a silo. Every silo answers for the whole cluster.</summary>
internal static class ClusterHttpExtensions
{
    /// <summary>Adds the services of the HTTP API.</summary>
    public static WebApplicationBuilder AddClusterHttp(this WebApplicationBuilder builder)
    {
        builder.Services.AddHunyuanServer(builder.Configuration.GetSection(ServerOptions.Section));
        builder.Services.AddOptions<ServerOptions>().Configure<IOptions<SiloSettings>>(
            static (server, silo) => server.ReasoningParser = silo.Value.ReasoningParser ?? server.ReasoningParser);
        builder.Services.AddSingleton<IClusterOverview, GrainClusterOverview>();
        builder.Services.AddHostedService<ClusterModelService>();
        return builder;
    }
}
