using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Cluster;

/// <summary>
/// GET /cluster: the model, its placement on silos, the use of its experts, the queue, the KV pool and token counters, for the page and for
/// scripts. Clients compute rates from two responses and their times.
/// </summary>
internal sealed class ClusterEndpoint(ModelSlot slot, IClusterOverview cluster, TimeProvider time)
{
    /// <summary>Handles a request.</summary>
    /// <exception cref="ApiException">The model is not loaded, or the cluster does not answer.</exception>
    public async Task HandleAsync(HttpContext context)
    {
        ServedModel model = slot.Require();
        try
        {
            EngineStatistics statistics = await model.Generator.GetStatisticsAsync(context.RequestAborted);
            ClusterOverview? overview = await cluster.ReadAsync(context.RequestAborted);
            context.Response.Headers.CacheControl = "no-store";
            await JsonResponse.WriteAsync(context, writer => Write(writer, model, statistics, overview));
        }
        catch (Exception error) when (error is TimeoutException or ObjectDisposedException || UserErrors.IsForUsers(error))
        {
            throw ApiException.Unavailable("cluster_unreachable", "The cluster does not answer now. " + error.Message);
        }
    }

    private void Write(Utf8JsonWriter writer, ServedModel model, in EngineStatistics statistics, ClusterOverview? overview)
    {
        writer.WriteStartObject();
        writer.WriteNumber("seconds"u8, (double)time.GetTimestamp() / time.TimestampFrequency);
        ClusterJson.WriteModel(writer, model.Generator.Info, overview);
        ClusterJson.WriteEngine(writer, statistics);
        ClusterJson.WriteSilos(writer, overview);
        ClusterJson.WriteExperts(writer, overview);
        writer.WriteEndObject();
    }
}
