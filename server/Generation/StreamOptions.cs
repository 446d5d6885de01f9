using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Reads the parameter stream_options.</summary>
internal static class StreamOptions
{
    /// <summary>Whether the stream ends with a chunk that holds the token usage.</summary>
    public static bool ReadIncludeUsage(RequestFields fields, bool stream)
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
