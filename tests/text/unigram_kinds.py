"""SentencePiece models, trained here, and tokenizers of the `tokenizers` library made of them."""

import io

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors


def train(texts, **options):
    """A serialized ModelProto."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=out, num_threads=1, minloglevel=2, hard_vocab_limit=False,
        **{"vocab_size": 900, **options})
    return out.getvalue()


def unigram(serialized, byte_fallback=False):
    """The Unigram model and the normalizer of a SentencePiece model."""
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(serialized)
    vocab = [(piece.piece, piece.score) for piece in proto.pieces]
    unknown = next(i for i, piece in enumerate(proto.pieces) if piece.type == 2)
    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=unknown, byte_fallback=byte_fallback))
    return tokenizer, normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)


def t5(texts, **options):
    serialized = train(texts, model_type="unigram", normalization_rule_name="nmt_nfkc", pad_id=0, eos_id=1, unk_id=2,
                       bos_id=-1, **options)
    tokenizer, charsmap = unigram(serialized)
    tokenizer.normalizer = charsmap
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(["<pad>", "</s>", "<unk>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def xlmr(texts):
    """XLM-R's, with bytes instead of unknown tokens."""
    serialized = train(texts, model_type="unigram", normalization_rule_name="nmt_nfkc_cf", byte_fallback=True)
    tokenizer, charsmap = unigram(serialized, byte_fallback=True)
    tokenizer.normalizer = normalizers.Sequence([charsmap, normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 1))
    return tokenizer


USER_DEFINED = ["<sep>", "~~~", "▁def", "YesWord", "é"]

# As Llama 2's own, and the other ways.
SENTENCEPIECE = {
    "sp_bpe": dict(model_type="bpe", byte_fallback=True, normalization_rule_name="identity",
                   remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True),
    "sp_bpe_nfkc": dict(model_type="bpe", normalization_rule_name="nmt_nfkc", user_defined_symbols=USER_DEFINED,
                        control_symbols=["<ctl>"], unk_surface=" ?? "),
    "sp_bpe_suffix": dict(model_type="bpe", byte_fallback=True, normalization_rule_name="nfkc",
                          treat_whitespace_as_suffix=True),
    "sp_unigram": dict(model_type="unigram", normalization_rule_name="nmt_nfkc", bos_id=-1),
    "sp_unigram_bytes": dict(model_type="unigram", byte_fallback=True, normalization_rule_name="nmt_nfkc_cf",
                             user_defined_symbols=USER_DEFINED, remove_extra_whitespaces=False),
    "sp_unigram_plain": dict(model_type="unigram", normalization_rule_name="identity", add_dummy_prefix=False,
                             split_by_whitespace=False, vocab_size=1200),
}


class SentencePiece:
    """SentencePiece itself, to be asked as a `tokenizers` tokenizer is."""

    def __init__(self, serialized, config):
        self.serialized = serialized
        self.processor = sentencepiece.SentencePieceProcessor(model_proto=serialized)
        self.config = config
        ids = range(self.processor.get_piece_size())
        self.control = {i: self.processor.id_to_piece(i) for i in ids if self.processor.is_control(i)}

    def encodes(self, text):
        """It does not look for control pieces in a text, and restem does."""
        return not any(piece in text for piece in self.control.values())

    def around(self, ids):
        bos, eos = self.processor.bos_id(), self.processor.eos_id()
        before = [bos] if self.config.get("add_bos_token", bos >= 0) else []
        return before + ids + ([eos] if self.config.get("add_eos_token", False) else [])
