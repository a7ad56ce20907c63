"""Which classes exist, which are never trained, and which more general words each belongs to."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.photos import Photos

LEFT_OUT = (
    "koala", "goldfish", "school bus", "teapot", "umbrella", "pizza", "beacon", "king penguin", "jellyfish",
    "backpack", "sunglasses", "rocking chair", "volleyball", "tractor", "sewing machine", "suspension bridge",
    "electric guitar", "panda", "watch", "laptop", "flamingo", "strawberry", "wheelchair", "pagoda",
    "watermelon", "pineapple", "cucumber", "carrots", "aubergine", "avocado",
)  # fmt: skip
"""Classes of which no photograph is trained on; `beacon` is ImageNet's lighthouse."""

LEFT_OUT_WORDS = (
    "koala", "goldfish", "school bus", "teapot", "umbrella", "pizza", "lighthouse", "king penguin", "jellyfish",
    "backpack", "sunglasses", "sunglass", "rocking chair", "volleyball", "tractor", "sewing machine",
    "suspension bridge", "electric guitar", "giant panda", "stopwatch", "digital watch", "watch", "laptop",
    "flamingo", "strawberry", "wheelchair", "pagoda", "stupa", "watermelon", "pineapple", "cucumber", "carrot",
    "aubergine", "avocado", "notebook computer",
)  # fmt: skip
"""Names that the teacher's mass is taken off, and that are no negatives either."""

KEEP_TRAINED = ("stopwatch, stop watch", "lesser panda, red panda, panda, bear cat, cat bear, Ailurus fulgens")

_SAME_CLASS = {
    "faces": "face", "faces easy": "face", "airplanes": "airplane", "leopards": "leopard",
    "flamingo head": "flamingo", "cougar body": "cougar", "cougar face": "cougar", "headphone": "headphones",
    "brain": "brain organ", "crocodile": "crocodile", "hawksbill": "hawksbill sea turtle", "lotus": "lotus flower",
    "emu": "emu", "ketch": "ketch sailboat", "conference": "conference pear", "anjou": "anjou pear",
    "kaiser": "kaiser pear", "golden delicious": "golden delicious apple", "granny smith": "granny smith apple",
    "pink lady": "pink lady apple", "red delicious": "red delicious apple", "royal gala": "royal gala apple",
    "garfield": "garfield cartoon cat", "snoopy": "snoopy cartoon dog", "crane": "crane machine",
    "tropicana golden grapefruit": "tropicana golden grapefruit juice", "tropicana juice smooth":
    "tropicana smooth orange juice", "tropicana mandarin morning": "tropicana mandarin juice",
    "torch": "burning torch", "organ": "pipe organ", "mantis": "praying mantis", "monarch": "monarch butterfly",
    "nail": "metal nail", "reel": "fishing reel", "brass": "memorial plaque", "chest": "wooden chest",
    "beacon": "lighthouse", "tick": "tick insect",
}  # fmt: skip
"""First synonym in a set -> the word that people would type; equal words become one class."""


def class_name(label: str) -> str:
    """The one name of a label: 'lemon, fruit' and 'lemon' are both 'lemon'; '' stays ''."""
    first = label.split(",")[0].strip()
    return _SAME_CLASS.get(first.lower(), first)


def synonyms(label: str) -> list[str]:
    """All names of a label, the usual one first; Latin binomials go last because nobody types them."""
    names = [class_name(label), *(part.strip() for part in label.split(","))]
    return list(dict.fromkeys(name for name in names if name and name not in ("fruit", "vegetables", "packages")))


def left_out(label: str) -> bool:
    """Whether photographs of this label are kept away from training."""
    return label.split(",")[0].strip() in (*LEFT_OUT, "flamingo head")


def mentions_left_out(name: str) -> bool:
    """Whether a teacher's name contains the word of a class that is never trained."""
    if name in KEEP_TRAINED:
        return False
    parts = [part.strip().lower() for part in name.split(",")]
    return any(part in LEFT_OUT_WORDS or part.endswith(" laptop") for part in parts)


@dataclass(frozen=True)
class Split:
    """Rows by their use; `held_out` are unseen photographs of trained classes, `kept_away` those of another folder."""

    train: NDArray[np.int64]
    held_out: NDArray[np.int64]
    never_trained: NDArray[np.int64]
    kept_away: NDArray[np.int64]


def split_rows(photos: Photos, keep_away: Path | None = None, seed: int = 0, every: int = 20) -> Split:
    """One photograph in `every` of each trained class is held out, at least one.

    keep_away: a folder of photographs that the model will be judged by; rows made from a file of one
    of its names (behind 'train-' and the like) are not trained on.
    """
    never = np.array([left_out(label) for label in photos.labels])
    judged = {file.name for file in keep_away.rglob("*")} if keep_away else set()
    away = np.array([source.split("-", 1)[-1] in judged for source in photos.sources])
    names = np.array([class_name(label) for label in photos.labels])
    generator = np.random.default_rng(seed)
    held: list[int] = []
    for name in np.unique(names[~never]):
        rows = np.flatnonzero((names == name) & ~never & ~away)
        held += generator.choice(rows, max(1, len(rows) // every), replace=False).tolist()
    held_out = np.sort(np.array(held))
    train = np.setdiff1d(np.flatnonzero(~never & ~away), held_out)
    return Split(train, held_out, np.flatnonzero(never & ~away), np.flatnonzero(away))


_ANIMALS = (
    ("fish", (0, 6), (389, 397)), ("bird", (7, 24), (80, 100), (127, 146)), ("amphibian", (25, 32)),
    ("frog", (30, 32)), ("turtle", (33, 37)), ("lizard", (38, 48)), ("crocodile", (49, 50)),
    ("reptile", (33, 68)), ("snake", (52, 68)), ("spider", (70, 70), (72, 77)), ("insect", (300, 326)),
    ("bug", (70, 79), (300, 326)), ("beetle", (300, 307)), ("butterfly", (321, 326)), ("crab", (118, 121)),
    ("sea animal", (107, 126), (147, 150), (327, 329)), ("whale", (147, 148)), ("dog", (151, 268)),
    ("wolf", (269, 275)), ("fox", (277, 280)), ("cat", (281, 285)), ("big cat", (286, 293)), ("bear", (294, 297)),
    ("rabbit", (330, 332)), ("rodent", (333, 338)), ("pig", (341, 343)), ("cow", (345, 347)), ("sheep", (348, 350)),
    ("antelope", (351, 353)), ("monkey", (365, 384)), ("elephant", (385, 386)),
    ("mammal", (101, 106), (147, 299), (330, 388)), ("pet", (151, 268), (281, 285)),
    ("animal", (0, 68), (70, 107), (111, 388), (389, 397)),
)  # fmt: skip
"""Group -> ranges (both ends included) of the 1,000 ImageNet classes, whose animals are in zoological order."""

_THINGS = {
    "vehicle": r"\b(car|cab|wagon|limousine|convertible|jeep|minivan|van|truck|bus|minibus|ambulance|tractor|tank|"
    r"train|locomotive|streetcar|trolleybus|go-kart|golfcart|racer|pickup|fire engine|model t|bicycle|bike|moped|"
    r"motor scooter|tricycle|unicycle|snowmobile|snowplow|forklift|jinrikisha|oxcart|horse cart|airliner|airplane|"
    r"warplane|airship|space shuttle|freight car|bullet train|harvester|half track|recreational vehicle)\b",
    "car": r"\b(cab|beach wagon|limousine|convertible|jeep|minivan|sports car|racer|model t|police van|moving van)\b",
    "aircraft": r"\b(airliner|airplane|warplane|airship|space shuttle)\b",
    "boat": r"\b(boat|canoe|catamaran|trimaran|yawl|schooner|ketch|ferry|gondola|lifeboat|fireboat|speedboat|liner|"
    r"container ship|aircraft carrier|pirate|submarine|wreck|paddlewheel)\b",
    "clothes": r"\b(gown|apron|bikini|cardigan|cloak|coat|jersey|t-shirt|shirt|jean|kimono|lab coat|maillot|military "
    r"uniform|miniskirt|overskirt|hoopskirt|pajama|poncho|sarong|stole|suit|sweatshirt|swimming trunks|abaya|"
    r"vestment|brassiere|sock|christmas stocking|dress|pants|shorts|skirt|long sleeve top|outerwear jacket|bow tie|"
    r"bolo tie|windsor tie|mitten|diaper)\b",
    "hat": r"\b(sombrero|cowboy hat|bonnet|bearskin|mortarboard|bathing cap|shower cap|crash helmet|football helmet|"
    r"pickelhaube|hat)\b",
    "shoe": r"\b(shoes?|sandal|clog|loafer|running shoe|cowboy boot|inline skate)\b",
    "furniture": r"\b(desk|dining table|bookcase|chair|throne|studio couch|four-poster|cradle|crib|wardrobe|"
    r"chiffonier|china cabinet|chest|park bench|pedestal|bassinet|entertainment center|file|pool table|stool)\b",
    "musical instrument": r"\b(accordion|guitar|banjo|bassoon|cello|cornet|drum|drumstick|flute|french horn|gong|"
    r"grand piano|upright|harmonica|harp|maraca|marimba|oboe|ocarina|organ|panpipe|sax|steel drum|trombone|violin|"
    r"euphonium|mandolin|chime)\b",
    "fruit": r"\b(apple|granny smith|strawberry|orange|lemon|lime|fig|banana|jackfruit|custard apple|pomegranate|"
    r"kiwi|mango|melon|cantaloupe|nectarine|papaya|passion fruit|peach|pear|plum|grapefruit|satsumas)\b",
    "vegetable": r"\b(cabbage|broccoli|cauliflower|zucchini|squash|artichoke|bell pepper|cardoon|asparagus|garlic|"
    r"ginger|leek|onion|potato|red beet|tomato|corn)\b",
    "food": r"\b(guacamole|consomme|hot pot|trifle|ice cream|ice lolly|french loaf|bagel|pretzel|cheeseburger|hotdog|"
    r"mashed potato|carbonara|chocolate sauce|dough|meat loaf|potpie|burrito|confectionery)\b",
    "drink": r"\b(juice|milk|red wine|espresso|eggnog|beer bottle|beer glass|wine bottle|pop bottle|coffee mug)\b",
    "carton": r"\b(juice|milk|oatghurt|soyghurt|yoghurt|sour cream|carton|packet)\b",
    "bottle": r"\b(bottle|water jug|whiskey jug)\b",
    "building": r"\b(barn|church|castle|palace|mosque|monastery|dome|boathouse|cliff dwelling|lighthouse|library|"
    r"planetarium|prison|restaurant|cinema|greenhouse|yurt|mobile home|minaret|pyramid|triumphal arch|obelisk|"
    r"birdhouse|water tower|thatch|megalith|totem pole|bell cote)\b",
    "bridge": r"\b(bridge|viaduct)\b",
    "shop": r"\b(shop|grocery store|bakery|confectionery|barbershop)\b",
    "kitchen ware": r"\b(caldron|coffeepot|dutch oven|frying pan|wok|ladle|spatula|plate|cup|soup bowl|mixing bowl|"
    r"measuring cup|wooden spoon|pitcher|ewer|goblet|cocktail shaker|crock pot|waffle iron|strainer|can opener|"
    r"corkscrew)\b",
    "electronics": r"\b(computer|ipod|cd player|cassette player|tape player|television|monitor|screen|mouse|"
    r"cellular telephone|cellphone|dial telephone|pay-phone|modem|printer|radio|remote control|loudspeaker|projector|"
    r"camera|joystick|keyboard|microphone|headphones|oscilloscope|space bar|hard disc)\b",
    "phone": r"\b(cellular telephone|cellphone|dial telephone|pay-phone)\b",
    "tool": r"\b(hammer|hatchet|screwdriver|wrench|shovel|plow|plane|power drill|chain saw|cleaver|broom|swab|plunger|"
    r"carpenter's kit|stapler|metal nail|screw|letter opener)\b",
    "weapon": r"\b(rifle|revolver|cannon|missile|projectile|bow|assault rifle|holster)\b",
    "ball": r"\b(baseball|basketball|golf ball|soccer ball|tennis ball|rugby ball|croquet ball|ping-pong ball)\b",
    "sports equipment": r"\b(dumbbell|barbell|racket|ski|puck|punching bag|horizontal bar|parallel bars|balance beam|"
    r"snorkel|baseball|basketball|golf ball|soccer ball|tennis ball|rugby ball|croquet ball|ping-pong ball)\b",
    "clock": r"\b(clock|stopwatch|hourglass|sundial)\b",
    "lamp": r"\b(lampshade|table lamp|candle|spotlight|chandelier|burning torch|jack-o'-lantern|menorah)\b",
    "landscape": r"\b(alp|cliff|coral reef|geyser|lakeside|promontory|sandbar|seashore|valley|volcano|breakwater)\b",
    "mountain": r"\b(alp|volcano|cliff)\b",
    "beach": r"\b(seashore|sandbar|promontory)\b",
    "water": r"\b(lakeside|seashore|fountain|dam|coral reef|breakwater)\b",
    "flower": r"\b(daisy|yellow lady's slipper|rapeseed|lotus flower|cardoon)\b",
    "plant": r"\b(daisy|yellow lady's slipper|rapeseed|lotus flower|bonsai|joshua tree|acorn|hip|buckeye|corn|hay|"
    r"pot)\b",
    "mushroom": r"\b(mushroom|agaric|gyromitra|stinkhorn|earthstar|hen-of-the-woods|bolete|coral fungus)\b",
    "dinosaur": r"\b(triceratops|brontosaurus|stegosaurus)\b",
    "person": r"\b(face|ballplayer|groom|scuba diver|academic gown|bikini|neck brace)\b",
    "sign": r"\b(street sign|traffic light|scoreboard|stop sign|parking meter|memorial plaque)\b",
    "cartoon": r"\b(cartoon|comic book)\b",
    "animal": r"\b(ant|beaver|crab|crayfish|crocodile|dolphin|emu|hawksbill|ibis|kangaroo|llama|mayfly|nautilus|"
    r"octopus|okapi|sea horse|wild cat|leopard|cougar|elephant|butterfly|dragonfly|scorpion)\b",
}  # fmt: skip


@cache
def _things() -> dict[str, re.Pattern[str]]:
    return {group: re.compile(pattern, re.IGNORECASE) for group, pattern in _THINGS.items()}


def groups_of(name: str, teacher_class: int | None = None) -> set[str]:
    """More general words of a class, {'dog', 'mammal', 'pet', 'animal'} for a poodle.

    name: its usual name; teacher_class: its number among the 1,001 (background first), if it has one.
    """
    groups = {group for group, pattern in _things().items() if pattern.search(name)}
    if teacher_class is not None and 1 <= teacher_class <= 398:
        number = teacher_class - 1
        groups = {g for g, *ranges in _ANIMALS if any(low <= number <= high for low, high in ranges)}
    return groups


def group_words() -> list[str]:
    """All general words, in a fixed order."""
    return list(dict.fromkeys([*(group for group, *_ in _ANIMALS), *_THINGS]))
