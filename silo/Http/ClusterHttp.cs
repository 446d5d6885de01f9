using HunyuanOrleans.Server.Cluster;
using HunyuanOrleans.Server.Hosting;

namespace HunyuanOrleans.Silo.Http;

/// <summary>OpenAI's API and the chat page on every silo, answered by the whole cluster.</summary>
internal static class ClusterHttp
{
    /// <summary>Adds it.</summary>
    /// <param name="builder">Where to.</param>
    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddHunyuanServer(builder.Configuration.GetSection("Server"));
        builder.Services.AddSingleton<IClusterOverview, GrainOverview>();
        builder.Services.AddHostedService<ClusterModelService>();
    }
}
