using System.Text;
using Xunit;

namespace HunyuanOrleans.Grammar.Tests;

/// <summary>Grammars as llama.cpp writes them, with texts that they accept and texts that they reject.</summary>
public sealed class GrammarTests
{
    public static readonly (string Grammar, string[] Valid, string[] Invalid)[] Cases =
    [
        ("""root ::= "yes" | "no" """, ["yes", "no"], ["", "ye", "yesno", "maybe"]),
        ("""
            # Sums of products
            root  ::= (expr "=" ws term "\n")+
            expr  ::= term ([-+*/] term)*
            term  ::= ident | num | "(" ws expr ")" ws
            ident ::= [a-z] [a-z0-9_]* ws
            num   ::= [0-9]+ ws
            ws    ::= [ \t\n]*
            """,
            ["a=1\n", "x +12*(y -3) = z\nb=b\n", "((((1))))=2\n"], ["a=1", "a==1\n", "(a=1\n", "1+=2\n", "a b=1\n"]),
        ("""
            root   ::= object
            value  ::= object | array | string | number | ("true" | "false" | "null") ws

            object ::=
              "{" ws (
                        string ":" ws value
                ("," ws string ":" ws value)*
              )? "}" ws

            array  ::= "[" ws (value ("," ws value)*)? "]" ws
            string ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) )* "\"" ws
            number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
            ws     ::= | " " | "\n" [ \t]{0,20}
            """,
            ["{}", """{"a":[1,{"b":[]},"é\n\u00e9"],"c":-1.5e+9}""", "{\"a\":\n    true}"], ["[]", """{"a":[1,]}""", """{"a":"\x"}""", """{"a":"\u12"}""", """{a:1}"""]),
        ("""
            root ::= "1. " move " " move
              | "pass"
            move ::= (pawn | nonpawn | castle) [+#]?
            pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?
            nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
            castle ::= "O-O" "-O"?
            """,
            ["1. e4 e5", "1. Nf3 O-O-O+", "1. exd8=Q Nbxd7#", "pass"], ["1. e9 e5", "1. e4", "pas"]),
        ("root ::= [\\x41-\\x43] \"\\u00e9\" \"\\U0001F40E\" [\\u4e00-\\u9fff]{2} [^\\n\\]\\-a-c] . [-x] [x-]",
            ["Aé🐎中文d\n-x", "Cé🐎字字🐎🐎x-"], ["Dé🐎中文d\n-x", "Aé🐎中文a\n-x", "Aé🐎中文]\n-x", "Aé🐎中文-\n-x", "Aé🐎中文\n\n-x", "Aé🐎中xd\n-x", "Aé🐎中文d\n-y"]),
        ("root ::= a{2} b{1,} c{0,2} d{ 2 , 3 } \"\\\"\\\\\\t\\r\" e?\na ::= \"a\" b ::= \"bé\" c ::= \"c\" d ::= \"d\" e ::= \"e\"",
            ["aabédd\"\\\t\r", "aabébébéccddd\"\\\t\re"], ["abédd\"\\\t\r", "aadd\"\\\t\r", "aabécccdd\"\\\t\r", "aabédddd\"\\\t\r", "aabédd\"\\\n\r"]),
        ("root ::= [a-c]{3,40} [^a-c]{20} end\r\nend ::= \".\"", ["abc01234567890123456789.", "abcabcabcabcabcabcabcé123456789é12345678é."], ["ab01234567890123456789.", "abc0123456789012345678.", "abc012345678901234567890."]),
        ("root ::= pair\npair ::= \"(\" pair \")\" pair | \"\" # balanced", ["", "()", "(())()", "((()())())"], ["(", ")", "(()", "())("]),
        ("root ::= palindrome\npalindrome ::= \"a\" palindrome \"a\" | \"b\" palindrome \"b\" | [ab]?", ["", "a", "abba", "babab", "aabaa"], ["ab", "abab", "aab"]),
        ("root ::= x x\nx ::= y*\ny ::= z | \"\"\nz ::= \"z\"?", ["", "z", "zzz"], ["y"]),
    ];

    public static IEnumerable<object[]> Numbers() => Enumerable.Range(0, Cases.Length).Select(static i => new object[] { i });

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Acceptance_does_not_depend_on_how_a_text_is_tokenized(int number)
    {
        (string grammar, string[] valid, string[] invalid) = Cases[number];
        var random = new Random(number);
        TestVocabulary vocabulary = TestVocabulary.Pieces(number, [.. valid, .. invalid, grammar]);
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.Grammar(grammar), "grammar");
        foreach ((string[] texts, bool expected) in ((string[], bool)[])[(valid, true), (invalid, false)])
        {
            foreach (string text in texts)
            {
                for (int i = 0; i < 10; i++)
                {
                    int[] ids = vocabulary.Tokenize(Encoding.UTF8.GetBytes(text), random);
                    Assert.True(expected == ConstraintWalker.Accepts(constraint, vocabulary, ids), $"{text} in {ids.Length} tokens");
                }
            }
        }
    }

    [Theory]
    [InlineData("", "no rule \"root\"")]
    [InlineData("main ::= \"a\"", "no rule \"root\"")]
    [InlineData("root ::= thing\nthing ::= other", "\"other\", which it does not define (line 2, column 11)")]
    [InlineData("root ::= \"a\"\n\nroot ::= \"b\"", "\"root\" again, after line 1, column 1 (line 3, column 1)")]
    [InlineData("root = \"a\"", "lacks ::= behind the rule's name \"root\" (line 1, column 6)")]
    [InlineData("start: \"a\"", "lacks ::=")]
    [InlineData("%root ::= \"a\"", "a % where a rule's name")]
    [InlineData("root ::= \"a\" %", "a % where a rule's part or the next rule is expected; text is written in quotes (line 1, column 14)")]
    [InlineData("root ::= \"é🐎\" $", "(line 1, column 15)")]
    [InlineData("root ::=\r\n  'a'", "(line 2, column 3)")]
    [InlineData("root ::= \"a", "a \" without its closing \" (line 1, column 10)")]
    [InlineData("root ::= [a", "a [ without its ] (line 1, column 10)")]
    [InlineData("root ::= []", "no character fits")]
    [InlineData("root ::= [z-a]", "from a lower to a higher character (line 1, column 12)")]
    [InlineData("root ::= (\"a\"", "a ( without its ) (line 1, column 10)")]
    [InlineData("root ::= (\"a\"\nb ::= \"b\")", "a ( without its ) (line 1, column 10)")]
    [InlineData("root ::= \"a\")", "a ) without its ( (line 1, column 13)")]
    [InlineData("root ::= * \"a\"", "a * with nothing to repeat (line 1, column 10)")]
    [InlineData("root ::= \"a\"+?", "repeats a repeat; put it in a group (line 1, column 14)")]
    [InlineData("root ::= \"a\"{x}", "not {m}, {m,} or {m,n} (line 1, column 13)")]
    [InlineData("root ::= \"a\"{,3}", "not {m}, {m,} or {m,n}")]
    [InlineData("root ::= \"a\"{3,2}", "at least 3 and at most 2")]
    [InlineData("root ::= \"a\"{5000}", "repeats 5000 times; allowed are 1000")]
    [InlineData("root ::= [a]{1000000}", "allowed are")]
    [InlineData("root ::= [a]{99999999999}", "which is too many")]
    [InlineData("root ::= \"\\q\"", "the unknown escape \\q")]
    [InlineData("root ::= \"\\x4\"", "without its 2 hexadecimal digits (line 1, column 11)")]
    [InlineData("root ::= \"\\ud83d\"", "\\ud83d, which is not a Unicode character")]
    [InlineData("root ::= \"\\U00110000\"", "not a Unicode character")]
    [InlineData("root ::= \"\\", "ends in a backslash")]
    [InlineData("root ::= <think>", "a token with <, which is not supported")]
    [InlineData("root ::= root \"a\" | \"a\"", "rule \"root\" (line 1, column 1) refers to itself without anything in between (left recursion)")]
    [InlineData("root ::= a\na ::= \"\" b \"x\" | c\nb ::= [z]? a\nc ::= \"c\"", "(left recursion)")]
    [InlineData("root ::= \"a\" root", "Nothing can satisfy")]
    public void An_invalid_grammar_is_rejected_with_its_place(string grammar, string message)
    {
        ConstraintException error = Assert.Throws<ConstraintException>(
            () => TestVocabulary.Bytes().Compiler.Compile(ConstraintSpec.Grammar(grammar), "grammar"));
        Assert.Equal("grammar", error.Parameter);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_circle_of_a_left_recursion_is_named_not_the_rules_that_it_calls()
    {
        ConstraintException error = Assert.Throws<ConstraintException>(() => TestVocabulary.Bytes().Compiler.Compile(
            ConstraintSpec.Grammar("leaf ::= \"x\"\nroot ::= a\na ::= b leaf | leaf\nb ::= a leaf | leaf"), "grammar"));
        Assert.Matches("rule \"[ab]\" \\(line [34], column 1\\) refers to itself", error.Message);
    }

    [Theory]
    [InlineData("((((\"ab\"{1000}){1000}){1000}){1000})")]
    [InlineData("(((\"\"){1000}){1000})")]
    [InlineData("([ab]* \"a\" [ab]{12}){40}")]
    [InlineData("((a | b)* c){300}\na ::= \"x\" | \"y\"\nb ::= \"x\" a*\nc ::= a b a")]
    public void Hostile_grammars_are_rejected_or_followed_within_bounded_memory(string root)
    {
        TestVocabulary vocabulary = TestVocabulary.Pieces(1, "xyxyxy", "abababa");
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            ConstraintState state = vocabulary.Compiler.Compile(ConstraintSpec.Grammar($"root ::= {root}"), "grammar").CreateState();
            var random = new Random(1);
            for (int i = 0; i < 60 && !state.IsFinished; i++)
            {
                ReadOnlyMemory<ulong> mask = state.AllowedTokens;
                int[] allowed = [.. Enumerable.Range(0, vocabulary.Size).Where(id => mask.Allows(id))];
                Assert.NotEmpty(allowed);
                state.Advance(allowed[random.Next(allowed.Length)]);
            }
        }
        catch (ConstraintException error)
        {
            Assert.NotEmpty(error.Message);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4L << 30);
    }

    [Theory]
    [InlineData(300_000, 1)]
    [InlineData(40, 6_000)]
    public void A_grammar_that_is_too_large_is_rejected(int length, int rules)
    {
        string grammar = string.Concat(Enumerable.Range(0, rules).Select(i => $"r{i} ::= \"{new string('a', length / 10)}\"\n")) + "root ::= r0" + new string(' ', length);
        ConstraintException error = Assert.Throws<ConstraintException>(() => TestVocabulary.Bytes().Compiler.Compile(ConstraintSpec.Grammar(grammar), "grammar"));
        Assert.Contains(rules > 1 ? "more than 5000 rules" : "allowed are 262144", error.Message, StringComparison.Ordinal);
    }
}
