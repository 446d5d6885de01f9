using HunyuanOrleans.Text;
using Xunit;

namespace HunyuanOrleans.Text.Tests;

/// <summary>Escapes of half a surrogate pair are replaced, and nothing else is.</summary>
public sealed class SurrogateEscapesTests
{
    [Theory]
    [InlineData("""{"a":1}""", """{"a":1}""")]
    [InlineData(""" "\n\u00e9\ud83d\ude00" """, """ "\n\u00e9\ud83d\ude00" """)]
    [InlineData(""" "\ud800" """, """ "\ufffd" """)]
    [InlineData(""" "\uDC00\ud83d\ude00" """, """ "\ufffd\ud83d\ude00" """)]
    [InlineData(""" "\ud83d\ud83d\ude00\ud83d" """, """ "\ufffd\ud83d\ude00\ufffd" """)]
    [InlineData(""" "\\ud800\\\ud800" """, """ "\\ud800\\\ufffd" """)]
    [InlineData(""" "\ud800\n\udc00" """, """ "\ufffd\n\ufffd" """)]
    [InlineData("""\u""", """\u""")]
    [InlineData("""\u00 \ud8 +123\""", """\u00 \ud8 +123\""")]
    public void Halves_are_replaced(string json, string expected) => Assert.Equal(expected, SurrogateEscapes.Mend(json));
}
