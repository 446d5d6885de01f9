using System.Text.Encodings.Web;
using System.Text.Json;
using HunyuanOrleans.Server.Hosting;

namespace HunyuanOrleans.Cli.Batches;

/// <summary>How the JSON of batches is read and written: as deep as a server's largest setting allows. The server itself decides.</summary>
internal static class BatchJson
{
    /// <summary>Reads requests, responses and lines of answers.</summary>
    public static readonly JsonDocumentOptions Parsing = new() { MaxDepth = ServerOptions.LargestJsonDepth };

    /// <summary>Writes lines of answers, with letters of all languages as they are.</summary>
    public static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = ServerOptions.LargestJsonDepth };
}
