using HunyuanOrleans.Engine;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>POST /reset_prefix_cache: forgets all cached prefixes of the model.</summary>
internal sealed class PrefixCacheEndpoint(ModelSlot slot)
{
    /// <summary>Handles a request.</summary>
    public async Task ResetAsync(HttpContext context)
    {
        ServedModel model = slot.RequireReady();
        try
        {
            await model.Generator.ResetPrefixCacheAsync(context.RequestAborted);
        }
        catch (ObjectDisposedException)
        {
            throw ApiException.Unavailable("shutting_down", "The server is stopping.");
        }
        catch (Exception error) when (UserErrors.IsForUsers(error))
        {
            throw ApiException.Unavailable("model_not_ready", error.Message);
        }

        await JsonResponse.WriteAsync(context, static writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("success"u8, true);
            writer.WriteEndObject();
        });
    }
}
