using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace HunyuanOrleans.Server.Http;

/// <summary>Decompresses the bodies of requests by their header Content-Encoding: gzip, br or deflate.</summary>
internal static class BodyDecompressor
{
    private const string Supported = "gzip, br, deflate";

    // The two bytes that begin the zlib format: the method in four bits, and a check sum of both.
    private const int ZlibMethodMask = 0x0F, ZlibMethod = 8, ZlibCheck = 31;

    /// <summary>Reads the encoding of a request's body; null if it is not compressed.</summary>
    /// <exception cref="ApiException">The encoding is unknown, or there are several.</exception>
    public static string? ReadEncoding(HttpContext context)
    {
        StringValues header = context.Request.Headers.ContentEncoding;
        string encoding = header.ToString().Trim().ToLowerInvariant();
        switch (encoding)
        {
            case "" or "identity":
                return null;
            case "gzip" or "x-gzip":
                return "gzip";
            case "br" or "deflate":
                return encoding;
            default:
                context.Response.Headers.AcceptEncoding = Supported;
                throw new ApiException(
                    StatusCodes.Status415UnsupportedMediaType, "invalid_request_error", $"The header Content-Encoding must be one of {Supported}, or absent.")
                {
                    Code = "unsupported_encoding",
                };
        }
    }

    /// <summary>Decompresses a body.</summary>
    /// <param name="body">The compressed body.</param>
    /// <param name="encoding">Its encoding, from <see cref="ReadEncoding"/>.</param>
    /// <param name="maxBytes">The most bytes that it may have when it is decompressed.</param>
    /// <exception cref="ApiException">The body is larger, or is not in this format.</exception>
    public static ReadOnlyMemory<byte> Decompress(byte[] body, string encoding, long maxBytes)
    {
        ArrayBufferWriter<byte> result = new(body.Length + 1);
        try
        {
            using Stream stream = Open(body, encoding);
            while (true)
            {
                int read = stream.Read(result.GetSpan(1));
                if (read == 0)
                {
                    return result.WrittenMemory;
                }

                result.Advance(read);
                if (result.WrittenCount > maxBytes)
                {
                    throw new ApiException(
                        StatusCodes.Status413PayloadTooLarge, "invalid_request_error",
                        $"The body is too large; at most {maxBytes} bytes are allowed after decompression.")
                    {
                        Code = "bad_request",
                    };
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException or InvalidOperationException)
        {
            // The decoder of br throws InvalidOperationException for invalid data.
            throw ApiException.Invalid(null, $"The body is not in the format that Content-Encoding says, {encoding}.", "invalid_encoding");
        }
    }

    private static Stream Open(byte[] body, string encoding)
    {
        MemoryStream compressed = new(body, writable: false);
        return encoding switch
        {
            "gzip" => new GZipStream(compressed, CompressionMode.Decompress),
            "br" => new BrotliStream(compressed, CompressionMode.Decompress),
            // "deflate" means the zlib format, but some clients send the bare format inside it.
            _ => IsZlib(body) ? new ZLibStream(compressed, CompressionMode.Decompress) : new DeflateStream(compressed, CompressionMode.Decompress),
        };
    }

    private static bool IsZlib(byte[] body) =>
        body.Length >= 2 && (body[0] & ZlibMethodMask) == ZlibMethod && ((body[0] << 8) | body[1]) % ZlibCheck == 0;
}
