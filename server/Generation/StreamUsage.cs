using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Reads stream_options.</summary>
internal static class StreamUsage
{
    /// <summary>Whether a usage chunk ends the stream.</summary>
    public static bool Read(RequestFields fields, bool stream)
    {
        if (fields.Object("stream_options") is not RequestFields options)
        {
            return false;
        }

        return stream
            ? options.Bool("include_usage") ?? false
            : throw ApiException.Invalid("stream_options", "stream_options is allowed only where stream is true.");
    }
}
