using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Reads the parameters of streams: stream_options, and llama.cpp's return_progress.</summary>
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

    /// <summary>Whether the stream reports how far the prompt is computed.</summary>
    public static bool ReadReturnProgress(RequestFields fields, bool stream)
    {
        bool progress = fields.Bool("return_progress") ?? false;
        return !progress || stream ? progress : throw ApiException.Invalid("return_progress", "return_progress is allowed only where stream is true.");
    }
}
